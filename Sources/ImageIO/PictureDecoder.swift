import ImageTypes
package import Vision

/// Decodes JPEG (libjpeg-turbo) and PNG (libspng) into upright gray pixels; the first bytes decide which, never a name.
///
/// - JPEG: baseline, extended, progressive and arithmetic-coded files of 8 bits. The Y channel as stored, which is Rec.
///   601 luma already; RGB, CMYK and YCCK files are converted (inks inverted, as Adobe's programs write them).
/// - PNG: every colour type, 1 to 16 bits, interlaced or not; of an animation the default picture.
/// - Transparency is laid over white, in gray levels.
/// - The EXIF orientation is applied, so that a phone's portrait picture is upright: width, height, and whatever is
///   found in the picture are in upright pixels, and a face box that comes with a frame is taken to be so, too.
/// - Colour profiles and gamma are not applied: a webcam writes neither.
/// - Bytes behind the end of a picture are ignored. A file cut short or damaged is an error, never half a picture: a
///   JPEG is judged by what of it was decoded. Up to 64 stray bytes before a restart or end marker do no harm: some
///   webcams write them.
///
/// What a hostile file can cost is bounded by ``ImageLimits``. At 50 megapixels, beside the gray picture's 50 MB:
/// nothing for baseline JPEG and PNG, 100 MB a channel for progressive JPEG; under 2.5 seconds of processor time.
///
/// Probing is plain Swift; only `decodeGray` shows the bytes to the libraries.
///
/// Holds no state: a decoder can be shared by any number of threads, each call makes and frees its own codec.
package struct PictureDecoder: ImageDecoding {
  package let limits: ImageLimits

  package init(limits: ImageLimits = ImageLimits()) { self.limits = limits }

  package func probe(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageHeader {
    try probe(bytes.assumingMemoryBound(to: UInt8.self))
  }

  package func decodeGray(_ bytes: [UInt8]) throws(ImageError) -> GrayImage {
    try bytes.withUnsafeBufferPointer { (buffer) throws(ImageError) in
      try decodeGray(buffer, as: try probe(buffer))
    }
  }

  /// Decodes a file into memory that is lent, row-major from the top left: without a copy unless the picture has to be
  /// turned. What the memory holds when this throws is no picture.
  ///
  /// - Parameter pixels: of at least ``ImageLimits/maximumPixels``.
  package func decodeGray(
    _ bytes: UnsafeBufferPointer<UInt8>, into pixels: UnsafeMutableBufferPointer<UInt8>
  ) throws(ImageError) -> (width: Int, height: Int) {
    let header = try probe(bytes)
    let count = header.width * header.height
    precondition(count <= pixels.count, "memory for the largest picture is lent")
    let place = UnsafeMutableBufferPointer(rebasing: pixels[..<count])
    if header.orientation == .upright {
      try decode(bytes, as: header, into: place)
    } else {
      _ = place.update(fromContentsOf: try decodeGray(bytes, as: header).pixels)
    }
    return (header.width, header.height)
  }

  private func decodeGray(
    _ bytes: UnsafeBufferPointer<UInt8>, as header: ImageHeader
  ) throws(ImageError) -> GrayImage {
    let (width, height) = Self.storedSize(header)
    var failure: ImageError?
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height) { out, count in
      count = width * height
      do throws(ImageError) {
        try decode(bytes, as: header, into: UnsafeMutableBufferPointer(rebasing: out[..<count]))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return GrayImage(width: width, height: height, pixels: pixels).upright(from: header.orientation)
  }

  /// Decodes as stored into as many pixels as were probed.
  private func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, as header: ImageHeader, into pixels: UnsafeMutableBufferPointer<UInt8>
  ) throws(ImageError) {
    // A damaged file leaves rows unwritten, and in lent memory the picture before would show.
    pixels.initialize(repeating: 0)
    let (width, height) = Self.storedSize(header)
    switch header.format {
    case .jpeg:
      let scans = try JPEGReader.allowedScans(bytes, pixels: width * height)
      try JPEGReader.open(bytes).decodeGray(width: width, height: height, scans: scans, into: pixels)
    case .png: try PNGReader.open(bytes, limits: limits).decodeGray(width: width, height: height, into: pixels)
    }
  }

  private static func storedSize(_ header: ImageHeader) -> (width: Int, height: Int) {
    header.orientation.swapsSides ? (header.height, header.width) : (header.width, header.height)
  }

  private func probe(_ bytes: UnsafeBufferPointer<UInt8>) throws(ImageError) -> ImageHeader {
    guard !bytes.isEmpty else { throw ImageError(.notAnImage, "no bytes") }
    guard bytes.count <= limits.maximumBytes else { throw ImageError(.tooLarge, "more bytes than allowed") }
    guard let format = ImageType(magic: bytes) else {
      guard let other = OtherFormat(bytes) else { throw ImageError(.notAnImage, "neither \(ImageType.names("nor"))") }
      throw ImageError(.unsupported, "\(other.rawValue) pictures are not read: send \(ImageType.names("or"))")
    }
    let stored: (width: Int, height: Int)
    let orientation: ImageOrientation
    switch format {
    case .jpeg: (stored, orientation) = (try JPEGHeader.size(bytes), ExifOrientation.ofJPEG(bytes))
    case .png: (stored, orientation) = (try PNGReader.size(bytes), ExifOrientation.ofPNG(bytes))
    }
    if let problem = limits.problem(width: stored.width, height: stored.height) {
      throw ImageError(.tooLarge, problem)
    }
    let (width, height) = orientation.swapsSides ? (stored.height, stored.width) : stored
    return ImageHeader(width: width, height: height, format: format, orientation: orientation)
  }
}
