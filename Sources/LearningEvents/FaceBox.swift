/// A rectangle in pixels of the upright frame, origin at the top left, where the learner's camera saw a face. Upright
/// means with the picture's EXIF orientation applied, as every browser shows it.
///
/// A hint of the producer, not trusted: recognition uses it when it is sane. The corner may lie outside the picture.
package struct FaceBox: Sendable, Hashable {
  package var x: Int
  package var y: Int
  package var width: Int
  package var height: Int

  package init(x: Int, y: Int, width: Int, height: Int) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }

  /// The largest magnitude of any of the four in an event.
  package static let limit = 65_535

  /// Parses `x,y,w,h`: four decimal integers, corner −65,535…65,535, sides 1…65,535, nothing else.
  package init?(attribute bytes: UnsafeRawBufferPointer) {
    var values: (Int, Int, Int, Int) = (0, 0, 0, 0)
    var start = 0
    for part in 0..<4 {
      let end = part == 3 ? bytes.count : (bytes[start...].firstIndex(of: UInt8(ascii: ",")) ?? bytes.count)
      guard end > start, part == 3 || end < bytes.count,
        let value = DecimalInteger.parse(UnsafeRawBufferPointer(rebasing: bytes[start..<end])),
        abs(value) <= Int64(Self.limit), part < 2 || value > 0
      else { return nil }
      switch part {
      case 0: values.0 = Int(value)
      case 1: values.1 = Int(value)
      case 2: values.2 = Int(value)
      default: values.3 = Int(value)
      }
      start = end + 1
    }
    self.init(x: values.0, y: values.1, width: values.2, height: values.3)
  }

  /// The `ce_facebox` attribute: `x,y,w,h`.
  package var attribute: String { "\(x),\(y),\(width),\(height)" }
}
