/// Turns the bytes of an image file into gray pixels. Safe to share between threads; calls block for milliseconds.
package protocol ImageDecoding: Sendable {
  /// Format and declared size of the upright picture, with the limits applied; decodes nothing, and no library of C
  /// sees the bytes.
  func probe(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageHeader
  /// The picture in Rec. 601 luma, upright: a stored orientation is applied, so boxes found in it or sent along with it
  /// are in upright pixels. Applies `probe`'s checks first.
  func decodeGray(_ bytes: [UInt8]) throws(ImageError) -> GrayImage
}

extension ImageDecoding {
  /// The same for bytes in an array.
  package func probe(_ bytes: [UInt8]) throws(ImageError) -> ImageHeader {
    try bytes.withUnsafeBufferPointer { (bytes) throws(ImageError) in try probe(UnsafeRawBufferPointer(bytes)) }
  }
}
