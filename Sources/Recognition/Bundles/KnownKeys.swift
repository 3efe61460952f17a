import Tensors

extension Decoder {
  /// A container whose keys are all of `Key`; throws `BundleError` naming the first that is not.
  ///
  /// A model's numbers mean what the program that wrote them meant. A field it does not know may change the answer, so
  /// it is refused rather than skipped.
  func container<Key: CodingKey & CaseIterable>(only: Key.Type) throws -> KeyedDecodingContainer<Key> {
    let found = try container(keyedBy: AnyCodingKey.self).allKeys.map(\.stringValue).sorted()
    if let stranger = found.first(where: { Key(stringValue: $0) == nil }) {
      let path = (codingPath.map(\.stringValue) + [stranger]).joined(separator: ".")
      throw BundleError(
        .malformed,
        "model.json has a field this program does not know, \(BundleError.shown(path)): was a newer one its writer?")
    }
    return try container(keyedBy: Key.self)
  }
}

private struct AnyCodingKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension BundleError {
  /// A text from a file as an error may show it: cut, and nothing in it breaks lines or steers a terminal.
  static func shown(_ text: String) -> String { SafetensorsError.shown(text) }

  /// Whether a character stands for itself: it neither breaks lines nor steers a terminal.
  static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
    default: true
    }
  }
}
