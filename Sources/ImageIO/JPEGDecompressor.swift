import CTurboJPEG
import Vision

/// Owns one TurboJPEG decompressor. A handle serves one thread at a time; different handles are independent. Making one
/// costs microseconds, so it lives for one picture.
struct JPEGDecompressor: ~Copyable {
  private let handle: tjhandle

  init() throws(ImageError) {
    guard let handle = tjInitDecompress() else { throw ImageError(.unavailable, "no memory for a JPEG decoder") }
    self.handle = handle
  }

  deinit { tjDestroy(handle) }

  /// Decodes as stored into the `width * height` pixels of memory that was made for what the file was probed to
  /// declare.
  func decodeGray(
    _ bytes: UnsafeBufferPointer<UInt8>, width: Int, height: Int, into pixels: UnsafeMutableBufferPointer<UInt8>
  ) throws(ImageError) {
    let markers = try markers(bytes)
    // What was probed is what libjpeg reads, by test; memory must not hang on that.
    guard (markers.width, markers.height) == (width, height) else {
      throw ImageError(.corrupt, "JPEG that declares two sizes")
    }
    try Self.checkScans(bytes, pixels: width * height)
    let isCMYK = markers.colorspace == Int32(TJCS_CMYK.rawValue) || markers.colorspace == Int32(TJCS_YCCK.rawValue)
    guard isCMYK else {
      return try decode(bytes, width: width, height: height, as: TJPF_GRAY, channels: 1, into: pixels)
    }
    let inks = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 4 * width * height)
    defer { inks.deallocate() }
    // A damaged file leaves rows unwritten.
    inks.initialize(repeating: 0)
    try decode(bytes, width: width, height: height, as: TJPF_CMYK, channels: 4, into: inks)
    Self.gray(invertedCMYK: inks, into: pixels)
  }

  private func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, width: Int, height: Int, as format: TJPF, channels: Int,
    into out: UnsafeMutableBufferPointer<UInt8>
  ) throws(ImageError) {
    // TJFLAG_LIMITSCANS gives up after 500 scans, should the file have more than were counted.
    let status = tjDecompress2(
      handle, bytes.baseAddress, UInt(bytes.count), out.baseAddress, Int32(width), Int32(width * channels),
      Int32(height), Int32(format.rawValue), TJFLAG_LIMITSCANS)
    if status != 0, !isHarmlessWarning { throw lastError }
  }

  /// Every scan of a progressive file goes over all coefficients, however little it changes: on a picture of 50
  /// megapixels an empty one takes 55 ms, so a file of half a megabyte could take half a minute. Encoders write up to
  /// 18 scans; more are allowed where the picture is small.
  private static func checkScans(_ bytes: UnsafeBufferPointer<UInt8>, pixels: Int) throws(ImageError) {
    let allowed = min(max(1_000_000_000 / pixels, 20), 500)
    var scans = 0
    for segment in JPEGSegments(bytes) where segment.marker == 0xDA { scans += 1 }
    if scans > allowed { throw ImageError(.unsupported, "JPEG of more scans than its size allows") }
  }

  private func markers(
    _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(ImageError) -> (width: Int, height: Int, colorspace: Int32) {
    var width: Int32 = 0
    var height: Int32 = 0
    var subsampling: Int32 = 0
    var colorspace: Int32 = 0
    let status = tjDecompressHeader3(
      handle, bytes.baseAddress, UInt(bytes.count), &width, &height, &subsampling, &colorspace)
    if status != 0, tjGetErrorCode(handle) != Int32(TJERR_WARNING.rawValue) { throw lastError }
    guard width > 0, height > 0 else { throw ImageError(.corrupt, "JPEG of no size") }
    return (Int(width), Int(height), colorspace)
  }

  /// Whether the last failure is the one warning that webcams are known for: some stray bytes before the end marker,
  /// after a complete picture. Every other warning means that pixels are missing or made up.
  private var isHarmlessWarning: Bool {
    guard tjGetErrorCode(handle) == Int32(TJERR_WARNING.rawValue) else { return false }
    let words = message.split(separator: " ")
    guard message.hasSuffix("extraneous bytes before marker 0xd9"), words.count == 9, let stray = Int(words[3]) else {
      return false
    }
    return stray <= 64
  }

  private var message: String { String(cString: tjGetErrorStr2(handle)) }

  /// TurboJPEG has no codes for what is wrong, only libjpeg's message.
  private var lastError: ImageError {
    let text = message
    let unsupported = [
      "Unsupported", "not supported", "Could not determine subsampling", "not implemented", "not compiled",
    ]
    let isUnsupported = unsupported.contains { text.contains($0) }
    let isOutOfMemory = ["Insufficient memory", "Memory allocation failure"].contains { text.contains($0) }
    if isOutOfMemory { return ImageError(.decoderFailed, "decoding takes more memory than allowed") }
    return ImageError(isUnsupported ? .unsupported : .corrupt, text)
  }

  /// CMYK JPEGs are written inverted (Adobe's convention, as every common reader assumes): red = C·K/255 and so on.
  private static func gray(
    invertedCMYK inks: UnsafeMutableBufferPointer<UInt8>, into pixels: UnsafeMutableBufferPointer<UInt8>
  ) {
    for i in pixels.indices {
      let black = Int(inks[4 * i + 3])
      let red = (Int(inks[4 * i]) * black + 127) / 255
      let green = (Int(inks[4 * i + 1]) * black + 127) / 255
      let blue = (Int(inks[4 * i + 2]) * black + 127) / 255
      pixels[i] = Luma.of(red: UInt8(red), green: UInt8(green), blue: UInt8(blue))
    }
  }
}
