/// The picture formats that are read, and all that names one: no other file spells a format's magic bytes, media type
/// or suffixes.
package enum ImageType: CaseIterable, Sendable, Hashable {
  case jpeg
  case png

  /// As people call it.
  package var name: String {
    switch self {
    case .jpeg: "JPEG"
    case .png: "PNG"
    }
  }

  package var mediaType: StaticString {
    switch self {
    case .jpeg: "image/jpeg"
    case .png: "image/png"
    }
  }

  /// What names of such files end with, in lower case.
  package var suffixes: [String] {
    switch self {
    case .jpeg: [".jpg", ".jpeg"]
    case .png: [".png"]
    }
  }

  /// The first bytes of every such file.
  package var magic: [UInt8] {
    switch self {
    case .jpeg: [0xFF, 0xD8, 0xFF]
    case .png: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    }
  }

  /// How many bytes of a file decide what it is.
  package static let magicByteCount = allCases.map(\.magic.count).max()!

  /// The format whose magic bytes these begin with, nil for any other.
  package init?(magic bytes: some Sequence<UInt8>) {
    guard let type = Self.allCases.first(where: { bytes.starts(with: $0.magic) }) else { return nil }
    self = type
  }

  /// Whether a file's name, as bytes, says that it is one of them.
  package static func isPictureName(_ name: some BidirectionalCollection<UInt8>) -> Bool {
    let suffixes = allCases.flatMap(\.suffixes)
    let length = suffixes.map(\.utf8.count).max()!
    let end = name.suffix(length).map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
    return suffixes.contains { end.suffix($0.utf8.count).elementsEqual($0.utf8) }
  }

  /// All names in a sentence: "JPEG or PNG", "JPEG nor PNG".
  package static func names(_ conjunction: String) -> String { list(allCases.map(\.name), conjunction) }

  /// All media types in a sentence, before what follows them.
  package static func mediaTypes(_ conjunction: String, _ further: String...) -> String {
    list(allCases.map { "\($0.mediaType)" } + further, conjunction)
  }

  private static func list(_ words: [String], _ conjunction: String) -> String {
    words.dropLast().joined(separator: ", ") + " \(conjunction) \(words.last!)"
  }
}
