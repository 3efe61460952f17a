import CTurboJPEG
package import Vision

/// Writes baseline JPEG files. Holds no state; may be shared between threads.
package struct JPEGEncoder: Sendable {
  /// 1 (worst) … 100.
  package let quality: Int

  package init(quality: Int = 90) {
    precondition((1...100).contains(quality), "JPEG quality is 1…100")
    self.quality = quality
  }

  package func encode(_ image: GrayImage) throws(ImageError) -> [UInt8] {
    try encode(image.pixels, width: image.width, height: image.height, TJPF_GRAY, TJSAMP_GRAY)
  }

  /// Colour at half resolution in both directions (4:2:0), as webcams write it.
  package func encode(_ image: RGBImage) throws(ImageError) -> [UInt8] {
    try encode(image.pixels, width: image.width, height: image.height, TJPF_RGB, TJSAMP_420)
  }

  private func encode(
    _ pixels: [UInt8], width: Int, height: Int, _ format: TJPF, _ subsampling: TJSAMP
  ) throws(ImageError) -> [UInt8] {
    guard width <= 65_500, height <= 65_500 else { throw ImageError(.tooLarge, "JPEG sides end at 65,500 pixels") }
    guard let handle = tjInitCompress() else { throw ImageError(.unsupported, "no memory for a JPEG encoder") }
    defer { tjDestroy(handle) }
    var output: UnsafeMutablePointer<UInt8>?
    defer { tjFree(output) }
    var count: UInt = 0
    let status = tjCompress2(
      handle, pixels, Int32(width), 0, Int32(height), Int32(format.rawValue), &output, &count,
      Int32(subsampling.rawValue), Int32(quality), 0)
    guard status == 0, let output else {
      throw ImageError(.unsupported, String(cString: tjGetErrorStr2(handle)))
    }
    return [UInt8](UnsafeBufferPointer(start: output, count: Int(count)))
  }
}
