/// How large an image file may be. Both limits are checked before a pixel is decoded.
package struct ImageLimits: Sendable, Hashable {
  /// Largest file, in bytes.
  package var maximumBytes: Int
  /// Most pixels a file may declare.
  package var maximumPixels: Int

  package init(maximumBytes: Int = 8 << 20, maximumPixels: Int = 50_000_000) {
    self.maximumBytes = maximumBytes
    self.maximumPixels = maximumPixels
  }
}
