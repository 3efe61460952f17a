import ImageTypes
import JSON

/// How a frame record that is not one came about, as far as that can be told.
enum FrameSlip {
  static let jpg = "image/jpg is no media type: a JPEG is \(ImageType.jpeg.mediaType)"

  /// What a media type means that is none of a frame; never the type, unless it is one that many write.
  static func reason(ofContentType type: UnsafeRawBufferPointer) -> String {
    if type.isMediaType("image/jpg") { return jpg }
    if type.isMediaType("application/json") {
      return "application/json: a structured event is \(EventNames.structured), a binary one has its picture's type"
    }
    if type.isMediaType("application/cloudevents-batch+json") {
      return "a batch: each record holds one event (\(EventNames.structured))"
    }
    return "neither \(ImageType.mediaTypes("nor", EventNames.structured))"
  }

  /// What is wrong with the value of a binary record that is a text instead of a picture; nil for everything else.
  static func reason(ofPicture value: UnsafeRawBufferPointer) -> String? {
    if isDataURL(value) { return "a data URL: a binary record's value is the picture itself" }
    let isBase64 = ImageType.allCases.contains { value.starts(with: Base64.prefix(of: $0.magic)) }
    return isBase64 ? "base64: a binary record's value is the picture itself" : nil
  }

  /// What is wrong with a text that should be base64.
  static func reason(ofBase64 text: UnsafeRawBufferPointer) -> String {
    if isDataURL(text) { return "a data URL: only what follows its comma belongs here" }
    if text.contains(where: { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }) {
      return "not base64 but its form for URLs: the characters are + and /"
    }
    if text.contains(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
      return "base64 with line breaks"
    }
    return "not base64"
  }

  private static func isDataURL(_ text: UnsafeRawBufferPointer) -> Bool { text.starts(with: "data:".utf8) }
}

extension EventError {
  /// The same error with the header that was probably meant for a missing attribute, such as `ce-sessionid`, if there
  /// is one.
  func explained(by headers: UnsafeBufferPointer<LentHeader>) -> EventError {
    guard self == .missing(attribute) else { return self }
    // What HTTP's binding puts into `content-type`, too.
    let names = attribute == "content-type" ? [attribute, "ce_datacontenttype"] : [attribute]
    // With the prefix forgotten, too.
    let bare = names.filter { $0.hasPrefix("ce_") }.map { String($0.dropFirst(3)) }
    let near = headers.first { header in
      header.value != nil && (names + bare).contains { NearName.areNear(header.name, $0.utf8) }
    }
    guard let near else { return self }
    return EventError(attribute, NearName.missing(near: String(decoding: near.name, as: UTF8.self)))
  }
}
