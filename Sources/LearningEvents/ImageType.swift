/// The picture formats an event may declare. What the bytes are is judged by the decoder.
package enum ImageType: String, CaseIterable, Sendable, Hashable {
  case jpeg = "image/jpeg"
  case png = "image/png"

  /// The format whose magic bytes these are, nil for any other.
  package init?(magic bytes: UnsafeRawBufferPointer) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else {
      return nil
    }
  }

  init?(mediaType bytes: UnsafeRawBufferPointer) {
    if bytes.isMediaType("image/jpeg") {
      self = .jpeg
    } else if bytes.isMediaType("image/png") {
      self = .png
    } else {
      return nil
    }
  }
}
