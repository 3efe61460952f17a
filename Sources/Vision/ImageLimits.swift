/// How large an image file may be. All limits are checked before a pixel is decoded.
package struct ImageLimits: Sendable, Hashable {
  /// Largest file, in bytes.
  package var maximumBytes: Int
  /// Most pixels a file may declare.
  package var maximumPixels: Int
  /// Longest side a file may declare, in pixels. Some work and memory grow with a side and not with the pixels: rows
  /// of a decoder, weights of a resize. No camera's picture comes near.
  package var maximumSide: Int

  package init(maximumBytes: Int = 8 << 20, maximumPixels: Int = 50_000_000, maximumSide: Int = 16_384) {
    self.maximumBytes = maximumBytes
    self.maximumPixels = maximumPixels
    self.maximumSide = maximumSide
  }

  /// Why a picture of that size is larger than allowed; nil if it is not.
  package func problem(width: Int, height: Int) -> String? {
    if max(width, height) > maximumSide { return "declares a side longer than \(maximumSide) pixels" }
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    return overflow || pixels > maximumPixels ? "declares more than \(maximumPixels) pixels" : nil
  }
}
