/// An sRGB colour with an opacity, each 0…255; drawing mixes the stored values, as screens' programs do.
package struct Colour: Sendable, Hashable {
  package var red: UInt8
  package var green: UInt8
  package var blue: UInt8
  package var opacity: UInt8

  package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8, opacity: UInt8 = 255) {
    (self.red, self.green, self.blue, self.opacity) = (red, green, blue, opacity)
  }

  /// The same colour with its opacity multiplied by a share of 0…1.
  package func faded(_ share: Double) -> Colour {
    var copy = self
    copy.opacity = UInt8((Double(opacity) * min(max(share, 0), 1)).rounded())
    return copy
  }
}
