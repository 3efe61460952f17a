/// A rectangle of whole pixels, origin at the top left of its picture; it may reach beyond the picture.
package struct PixelRect: Sendable, Hashable {
  package var x: Int
  package var y: Int
  package var width: Int
  package var height: Int

  package init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The larger side: the "size of a face" wherever one number is wanted.
  package var longestSide: Int { max(width, height) }

  /// Whether the rectangle has at least one pixel and lies wholly inside a picture of that size. Safe for any numbers,
  /// so it is the check for a face box that came from outside.
  package func fits(width imageWidth: Int, height imageHeight: Int) -> Bool {
    x >= 0 && y >= 0 && width > 0 && height > 0 && width <= imageWidth && height <= imageHeight
      && x <= imageWidth - width && y <= imageHeight - height
  }

  /// The square about a face that the features see: side 1.25·max(w, h), same centre; side and corner are rounded to
  /// whole pixels, halves up, in integers. It may reach beyond the picture, whose edges are then replicated.
  ///
  /// The numbers must be those of a rectangle that `fits` an image, so far below overflow.
  package var faceSquare: PixelRect {
    precondition(width > 0 && height > 0, "a face has at least one pixel")
    let side = max(1, (5 * longestSide + 2) >> 2)
    return PixelRect(
      x: (2 * x + width - side + 1) >> 1, y: (2 * y + height - side + 1) >> 1, width: side, height: side)
  }
}
