/// What an image file declares about itself, read without decoding its pixels.
package struct ImageHeader: Sendable, Hashable {
  package enum Format: String, Sendable, Hashable { case jpeg, png }

  /// Of the upright picture, as decoding returns it.
  package let width: Int
  /// Of the upright picture.
  package let height: Int
  package let format: Format
  /// How the file stores it; already applied to width and height.
  package let orientation: ImageOrientation

  package init(width: Int, height: Int, format: Format, orientation: ImageOrientation = .upright) {
    self.width = width
    self.height = height
    self.format = format
    self.orientation = orientation
  }
}
