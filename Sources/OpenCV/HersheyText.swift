import COpenCV
package import Vision

/// Letters of the Hershey stroke font that OpenCV carries, which needs no font file. Holds nothing: may be shared
/// between threads.
package struct HersheyText: TextRendering {
  /// Longest line; what is beyond is cut.
  package static let maximumLength = 512

  package init() {}

  /// - Parameter capHeight: 6…200 pixels.
  package func mask(of text: String, capHeight: Int, isBold: Bool) throws(OpenCVError) -> TextMask {
    let ascii = text.unicodeScalars.prefix(Self.maximumLength).map { scalar -> UInt8 in
      (0x20..<0x7F).contains(scalar.value) ? UInt8(scalar.value) : UInt8(ascii: "?")
    }
    var mask = lectern_cv_mask()
    defer { lectern_cv_free(mask.pixels) }
    try callingOpenCV { message in
      (ascii.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer { text in
        lectern_cv_text(text.baseAddress!, Int32(clamping: capHeight), isBold ? 1 : 0, &mask, message)
      }
    }
    let coverage = GrayImage(
      width: Int(mask.width), height: Int(mask.height),
      pixels: [UInt8](UnsafeBufferPointer(start: mask.pixels, count: Int(mask.width * mask.height))))
    return TextMask(coverage: coverage, baseline: Int(mask.baseline), margin: Int(mask.margin))
  }
}
