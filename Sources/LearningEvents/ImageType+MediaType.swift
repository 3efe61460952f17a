import ImageTypes

extension ImageType {
  /// The format of a media type, letters of any case, parameters ignored.
  init?(mediaType bytes: UnsafeRawBufferPointer) {
    guard let type = Self.allCases.first(where: { bytes.isMediaType($0.mediaType) }) else { return nil }
    self = type
  }
}
