package import ImageTypes

/// What an image file declares about itself, read without decoding its pixels.
package struct ImageHeader: Sendable, Hashable {
  /// Of the upright picture, as decoding returns it.
  package let width: Int
  /// Of the upright picture.
  package let height: Int
  package let format: ImageType
  /// How the file stores it; already applied to width and height.
  package let orientation: ImageOrientation

  package init(width: Int, height: Int, format: ImageType, orientation: ImageOrientation = .upright) {
    self.width = width
    self.height = height
    self.format = format
    self.orientation = orientation
  }
}
