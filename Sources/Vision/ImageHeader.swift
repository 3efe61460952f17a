/// What an image file declares about itself, read without decoding its pixels.
package struct ImageHeader: Sendable, Hashable {
  package enum Format: String, Sendable, Hashable { case jpeg, png }

  package let width: Int
  package let height: Int
  package let format: Format

  package init(width: Int, height: Int, format: Format) {
    self.width = width
    self.height = height
    self.format = format
  }
}
