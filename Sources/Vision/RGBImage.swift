/// An 8-bit sRGB picture: `pixels[3 * (y * width + x) + channel]`, channels red, green, blue; origin at the top left.
package struct RGBImage: Sendable, Hashable {
  package let width: Int
  package let height: Int
  package private(set) var pixels: [UInt8]

  /// Adopts a buffer of exactly `3 * width * height` bytes.
  package init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "an image has at least one pixel")
    precondition(pixels.count == 3 * width * height, "an RGB image of w×h pixels needs exactly 3·w·h bytes")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// The picture in Rec. 601 luma.
  package var gray: GrayImage {
    let gray = [UInt8](unsafeUninitializedCapacity: width * height) { out, count in
      pixels.withUnsafeBufferPointer { source in
        for i in 0..<(width * height) {
          out[i] = Luma.of(red: source[3 * i], green: source[3 * i + 1], blue: source[3 * i + 2])
        }
      }
      count = width * height
    }
    return GrayImage(width: width, height: height, pixels: gray)
  }
}
