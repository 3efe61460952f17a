package import ImageTypes
package import Vision

extension GrayImage {
  /// A file of this picture in a format, as its encoder writes it unless told otherwise.
  package func encoded(as type: ImageType) throws(ImageError) -> [UInt8] {
    switch type {
    case .jpeg: try JPEGEncoder().encode(self)
    case .png: try PNGEncoder().encode(self)
    }
  }
}
