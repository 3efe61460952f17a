/// Turns gray pixels into the bytes of a file without loss. Safe to share between threads; a call blocks for some
/// milliseconds.
package protocol GrayImageEncoding: Sendable {
  func encode(_ image: GrayImage) throws(ImageError) -> [UInt8]
}
