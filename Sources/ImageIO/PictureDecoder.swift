package import Vision

/// Decodes JPEG (libjpeg-turbo) and PNG (libspng) into gray pixels; the first bytes decide which, never a name.
///
/// JPEG: the Y channel as stored, which is Rec. 601 luma already; RGB and CMYK files are converted. PNG: every colour
/// type, 1 to 16 bits, interlaced or not, an animation's default picture; transparency is laid over white. Orientation
/// tags and colour profiles are not applied: a webcam writes neither.
///
/// Holds no state: a decoder can be shared by any number of threads, each call makes and frees its own codec.
package struct PictureDecoder: ImageDecoding {
  package let limits: ImageLimits

  package init(limits: ImageLimits = ImageLimits()) { self.limits = limits }

  package func probe(_ bytes: [UInt8]) throws(ImageError) -> ImageHeader {
    try withBytes(bytes) { (buffer) throws(ImageError) in try probe(buffer) }
  }

  package func decodeGray(_ bytes: [UInt8]) throws(ImageError) -> GrayImage {
    try withBytes(bytes) { (buffer) throws(ImageError) in
      let header = try probe(buffer)
      return switch header.format {
      case .jpeg: try JPEGDecompressor().decodeGray(buffer)
      case .png: try PNGReader.open(buffer, limits: limits).decodeGray(header)
      }
    }
  }

  private func probe(_ bytes: UnsafeBufferPointer<UInt8>) throws(ImageError) -> ImageHeader {
    guard !bytes.isEmpty else { throw ImageError(.notAnImage, "no bytes") }
    guard bytes.count <= limits.maximumBytes else { throw ImageError(.tooLarge, "more bytes than allowed") }
    let header: ImageHeader
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      header = try JPEGDecompressor().header(bytes)
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      header = try PNGReader.header(bytes)
    } else {
      throw ImageError(.notAnImage, "neither JPEG nor PNG")
    }
    let (pixels, overflow) = header.width.multipliedReportingOverflow(by: header.height)
    guard !overflow, pixels <= limits.maximumPixels else {
      throw ImageError(.tooLarge, "declares more pixels than allowed")
    }
    return header
  }

  /// Lends an array's bytes to a body with a typed error.
  private func withBytes<Value>(
    _ bytes: [UInt8], _ body: (UnsafeBufferPointer<UInt8>) throws(ImageError) -> Value
  ) throws(ImageError) -> Value {
    try bytes.withUnsafeBufferPointer { (buffer) throws(ImageError) in try body(buffer) }
  }
}
