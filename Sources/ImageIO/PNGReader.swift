import CSpng
import Vision

/// Owns one libspng context that reads one PNG file from bytes it is lent. Used by one thread.
///
/// Rows are converted one at a time, so the memory beside the gray picture is one row, interlaced or not.
struct PNGReader: ~Copyable {
  private let context: OpaquePointer

  private init(adopting context: OpaquePointer) { self.context = context }

  /// A reader of bytes that must outlive it.
  static func open(
    _ bytes: UnsafeBufferPointer<UInt8>, limits: ImageLimits
  ) throws(ImageError) -> PNGReader {
    guard let context = spng_ctx_new(0) else { throw ImageError(.unavailable, "no memory for a PNG decoder") }
    let reader = PNGReader(adopting: context)
    try reader.check(spng_set_png_buffer(context, bytes.baseAddress, bytes.count))
    // Compressed text and profiles unpack to more than the file: no chunk above a quarter of the limit, all below it.
    try reader.check(spng_set_chunk_limits(context, limits.maximumBytes / 4, limits.maximumBytes))
    return reader
  }

  deinit { spng_ctx_free(context) }

  /// The stored size, from the fixed place of the header chunk.
  static func size(_ bytes: UnsafeBufferPointer<UInt8>) throws(ImageError) -> (width: Int, height: Int) {
    // Signature (8), length (4), "IHDR" (4), width (4), height (4).
    guard bytes.count >= 24 else { throw ImageError(.corrupt, "PNG cut short in its header") }
    guard bytes[12..<16].elementsEqual("IHDR".utf8) else { throw ImageError(.corrupt, "PNG without a header chunk") }
    func bigEndian(_ start: Int) -> Int { bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } }
    let width = bigEndian(16)
    let height = bigEndian(20)
    guard width > 0, height > 0 else { throw ImageError(.corrupt, "PNG of no size") }
    return (width, height)
  }

  /// Decodes as stored into the `width * height` pixels of memory that was made for what the file was probed to
  /// declare.
  func decodeGray(
    width: Int, height: Int, into image: UnsafeMutableBufferPointer<UInt8>
  ) throws(ImageError) {
    var declaration = spng_ihdr()
    try check(spng_get_ihdr(context, &declaration))
    guard (Int(declaration.width), Int(declaration.height)) == (width, height) else {
      throw ImageError(.corrupt, "PNG that declares two sizes")
    }
    let kind = kind(of: declaration)
    try check(
      spng_decode_image(
        context, nil, 0, Int32(kind.format.rawValue),
        Int32(SPNG_DECODE_TRNS.rawValue | SPNG_DECODE_PROGRESSIVE.rawValue)))
    var row = [UInt8](repeating: 0, count: width * kind.bytes)
    var status: Int32 = 0
    while status == 0 {
      var place = spng_row_info()
      try check(spng_get_row_info(context, &place))
      status = spng_decode_scanline(context, &row, row.count)
      guard status == 0 || status == SPNG_EOI.code else { throw Self.error(status) }
      let (first, step) = declaration.interlace_method == 0 ? (0, 1) : Self.columns[Int(place.pass)]
      let start = Int(place.row_num) * width
      row.withUnsafeBufferPointer { row in
        var source = 0
        for x in stride(from: first, to: width, by: step) {
          image[start + x] = kind.gray(row, at: source)
          source += kind.bytes
        }
      }
    }
    // Reads on to the end chunk, so that a file cut behind its pixels counts as damaged as well.
    try check(spng_decode_chunks(context))
  }

  private func kind(of declaration: spng_ihdr) -> PNGPixel {
    if declaration.bit_depth == 16 { return .rgba16 }
    var transparency = spng_trns()
    let isPlainGray = declaration.color_type == UInt8(SPNG_COLOR_TYPE_GRAYSCALE.rawValue)
    // Gray with one transparent level needs the alpha channel.
    return isPlainGray && spng_get_trns(context, &transparency) != 0 ? .gray8 : .rgba8
  }

  /// First column and distance of the columns of Adam7's passes.
  private static let columns: [(Int, Int)] = [(0, 8), (4, 8), (0, 4), (2, 4), (0, 2), (1, 2), (0, 1)]

  private func check(_ status: Int32) throws(ImageError) {
    if status != 0 { throw Self.error(status) }
  }

  private static func error(_ status: Int32) -> ImageError {
    if status == SPNG_EMEM.code { return ImageError(.decoderFailed, "decoding takes more memory than allowed") }
    return ImageError(.corrupt, "PNG: " + String(cString: spng_strerror(status)))
  }
}

extension spng_errno {
  /// As libspng's functions return it.
  fileprivate var code: Int32 { Int32(rawValue) }
}
