/// A line of text as coverage, to be painted in any colour.
package struct TextMask: Sendable, Hashable {
  /// 0 outside a letter … 255 inside; every mask of one height and weight has the same number of rows.
  package let coverage: GrayImage
  /// The row that letters stand on, from the top.
  package let baseline: Int
  /// Empty columns before the first letter and after the last.
  package let margin: Int

  /// Width of the text without its margins, in pixels.
  package var advance: Int { max(0, coverage.width - 2 * margin) }

  package init(coverage: GrayImage, baseline: Int, margin: Int) {
    self.coverage = coverage
    self.baseline = baseline
    self.margin = margin
  }
}

/// Draws letters. Safe to share between threads; calls block for less than a millisecond.
package protocol TextRendering: Sendable {
  /// One line of text.
  ///
  /// - Parameters:
  ///   - text: what is not printable ASCII appears as a question mark.
  ///   - capHeight: of capitals, in pixels.
  func mask(of text: String, capHeight: Int, isBold: Bool) throws -> TextMask
}
