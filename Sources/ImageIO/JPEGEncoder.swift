import CJPEG
import Glibc
package import Vision

/// Writes baseline JPEG files. Holds no state; may be shared between threads.
package struct JPEGEncoder: Sendable {
  /// 1 (worst) … 100.
  package let quality: Int
  /// Rows of blocks between two restart markers, as many webcams write them; 0 for none.
  package let restartRows: Int

  package init(quality: Int = 90, restartRows: Int = 0) {
    precondition((1...100).contains(quality), "JPEG quality is 1…100")
    precondition((0...1000).contains(restartRows), "restart markers stand 0…1000 rows apart")
    self.quality = quality
    self.restartRows = restartRows
  }

  package func encode(_ image: GrayImage) throws(ImageError) -> [UInt8] {
    try encode(image.pixels, width: image.width, height: image.height, channels: 1)
  }

  /// Colour at half resolution in both directions (4:2:0), as webcams write it.
  package func encode(_ image: RGBImage) throws(ImageError) -> [UInt8] {
    try encode(image.pixels, width: image.width, height: image.height, channels: 3)
  }

  private func encode(_ pixels: [UInt8], width: Int, height: Int, channels: Int32) throws(ImageError) -> [UInt8] {
    guard width <= 65_500, height <= 65_500 else { throw ImageError(.tooLarge, "JPEG sides end at 65,500 pixels") }
    var file: UnsafeMutablePointer<UInt8>?
    defer { free(file) }
    var count: UInt = 0
    var message = [CChar](repeating: 0, count: Int(LECTERN_JPEG_MESSAGE))
    let status = lectern_jpeg_write(
      pixels, Int32(width), Int32(height), channels, Int32(quality), Int32(restartRows), &file, &count, &message)
    guard status == 0, let file else {
      throw ImageError(.unsupported, String(decoding: message.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self))
    }
    return [UInt8](UnsafeBufferPointer(start: file, count: Int(count)))
  }
}
