import CJPEG
import Vision

/// Owns one libjpeg decompressor that reads one JPEG file from bytes it is lent. Used by one thread.
///
/// A file is a picture if every block of it was decoded. libjpeg decodes whatever comes and only warns of what it had
/// to make up; `CJPEG` takes each of its warnings for an error but those that say nothing of the pixels.
///
/// Rows are converted one at a time, so the memory beside the gray picture is one row, and for a file of several scans
/// their coefficients.
struct JPEGReader: ~Copyable {
  private let handle: OpaquePointer
  private let layout: lectern_jpeg_layout

  private init(adopting handle: OpaquePointer, _ layout: lectern_jpeg_layout) {
    (self.handle, self.layout) = (handle, layout)
  }

  /// A reader of bytes that must outlive it, with the file's header read.
  static func open(_ bytes: UnsafeBufferPointer<UInt8>) throws(ImageError) -> JPEGReader {
    guard let handle = lectern_jpeg_open() else { throw ImageError(.unavailable, "no memory for a JPEG decoder") }
    var layout = lectern_jpeg_layout()
    let status = lectern_jpeg_read_header(handle, bytes.baseAddress, bytes.count, &layout)
    let reader = JPEGReader(adopting: handle, layout)
    try reader.check(status)
    return reader
  }

  deinit { lectern_jpeg_close(handle) }

  /// Decodes as stored into the `width * height` pixels of memory that was made for what the file was probed to
  /// declare.
  ///
  /// - Parameter scans: how many the file may have.
  func decodeGray(
    width: Int, height: Int, scans: Int, into pixels: UnsafeMutableBufferPointer<UInt8>
  ) throws(ImageError) {
    // What was probed is what libjpeg reads, by test; memory must not hang on that.
    guard (Int(layout.width), Int(layout.height)) == (width, height) else {
      throw ImageError(.corrupt, "JPEG that declares two sizes")
    }
    try check(lectern_jpeg_start(handle, Int32(scans)))
    if layout.channels == 1 {
      for row in 0..<height { try check(lectern_jpeg_read_row(handle, pixels.baseAddress! + row * width)) }
    } else {
      var inks = [UInt8](repeating: 0, count: 4 * width)
      for row in 0..<height {
        try check(lectern_jpeg_read_row(handle, &inks))
        Self.gray(
          invertedCMYK: inks, into: UnsafeMutableBufferPointer(rebasing: pixels[row * width..<(row + 1) * width]))
      }
    }
    try check(lectern_jpeg_finish(handle))
  }

  /// How many scans a file of so many pixels may have: every scan of a progressive file goes over all coefficients,
  /// however little it changes. On a picture of 50 megapixels an empty one takes 55 ms, so a file of half a megabyte
  /// could take half a minute. Encoders write up to 18 scans; more are allowed where the picture is small.
  ///
  /// - Throws: if it has more, before any of them is decoded.
  static func allowedScans(_ bytes: UnsafeBufferPointer<UInt8>, pixels: Int) throws(ImageError) -> Int {
    let allowed = min(max(1_000_000_000 / pixels, 20), 500)
    var scans = 0
    for segment in JPEGSegments(bytes) where segment.marker == 0xDA { scans += 1 }
    if scans > allowed { throw ImageError(.unsupported, "JPEG of more scans than its size allows") }
    return allowed
  }

  private func check(_ status: Int32) throws(ImageError) {
    if status == LECTERN_JPEG_OK.code { return }
    if status == LECTERN_JPEG_NO_MEMORY.code {
      throw ImageError(.decoderFailed, "decoding takes more memory than allowed")
    }
    throw ImageError(
      status == LECTERN_JPEG_UNSUPPORTED.code ? .unsupported : .corrupt, String(cString: lectern_jpeg_message(handle)))
  }

  /// CMYK JPEGs are written inverted (Adobe's convention, as every common reader assumes): red = C·K/255 and so on.
  private static func gray(invertedCMYK inks: [UInt8], into pixels: UnsafeMutableBufferPointer<UInt8>) {
    for i in pixels.indices {
      let black = Int(inks[4 * i + 3])
      let red = (Int(inks[4 * i]) * black + 127) / 255
      let green = (Int(inks[4 * i + 1]) * black + 127) / 255
      let blue = (Int(inks[4 * i + 2]) * black + 127) / 255
      pixels[i] = Luma.of(red: UInt8(red), green: UInt8(green), blue: UInt8(blue))
    }
  }
}

extension lectern_jpeg_status {
  /// As the functions of `CJPEG` return it.
  fileprivate var code: Int32 { Int32(rawValue) }
}
