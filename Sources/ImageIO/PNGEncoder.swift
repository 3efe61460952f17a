import CSpng
import Glibc
package import Vision

/// Writes 8-bit PNG files. Holds no state; may be shared between threads.
package struct PNGEncoder: GrayImageEncoding {
  package init() {}

  package func encode(_ image: GrayImage) throws(ImageError) -> [UInt8] {
    try encode(image.pixels, width: image.width, height: image.height, SPNG_COLOR_TYPE_GRAYSCALE)
  }

  package func encode(_ image: RGBImage) throws(ImageError) -> [UInt8] {
    try encode(image.pixels, width: image.width, height: image.height, SPNG_COLOR_TYPE_TRUECOLOR)
  }

  private func encode(
    _ pixels: [UInt8], width: Int, height: Int, _ type: spng_color_type
  ) throws(ImageError) -> [UInt8] {
    guard let context = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else {
      throw ImageError(.unsupported, "no memory for a PNG encoder")
    }
    defer { spng_ctx_free(context) }
    var header = spng_ihdr()
    header.width = UInt32(width)
    header.height = UInt32(height)
    header.bit_depth = 8
    header.color_type = UInt8(type.rawValue)
    try check(spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1))
    try check(spng_set_ihdr(context, &header))
    try check(
      spng_encode_image(
        context, pixels, pixels.count, Int32(SPNG_FMT_PNG.rawValue), Int32(SPNG_ENCODE_FINALIZE.rawValue)))
    var count = 0
    var status: Int32 = 0
    let output = spng_get_png_buffer(context, &count, &status)
    // The buffer is the caller's, to be released with free().
    defer { free(output) }
    try check(status)
    guard let output else { throw ImageError(.unsupported, "the PNG encoder returned nothing") }
    return [UInt8](UnsafeRawBufferPointer(start: output, count: count))
  }

  private func check(_ status: Int32) throws(ImageError) {
    if status != 0 { throw ImageError(.unsupported, "PNG: " + String(cString: spng_strerror(status))) }
  }
}
