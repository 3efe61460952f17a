/// An 8-bit gray picture: `pixels[y * width + x]`, row-major, origin at the top left, 0 black … 255 white (Rec. 601
/// luma).
///
/// Width and height are at least 1.
package struct GrayImage: Sendable, Hashable {
  package let width: Int
  package let height: Int
  package private(set) var pixels: [UInt8]

  /// Adopts a buffer of exactly `width * height` pixels.
  package init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "an image has at least one pixel")
    precondition(pixels.count == width * height, "an image of w×h pixels needs exactly w·h bytes")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// A picture of one value.
  package init(width: Int, height: Int, repeating value: UInt8) {
    self.init(width: width, height: height, pixels: [UInt8](repeating: value, count: width * height))
  }

  package subscript(x: Int, y: Int) -> UInt8 {
    get {
      precondition(x >= 0 && x < width && y >= 0 && y < height, "the pixel lies outside the image")
      return pixels[y * width + x]
    }
    set {
      precondition(x >= 0 && x < width && y >= 0 && y < height, "the pixel lies outside the image")
      pixels[y * width + x] = newValue
    }
  }

  /// The whole picture as a rectangle.
  package var bounds: PixelRect { PixelRect(x: 0, y: 0, width: width, height: height) }
}
