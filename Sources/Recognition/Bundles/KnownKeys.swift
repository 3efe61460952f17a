import PlainText

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
        "model.json has a field this program does not know, \(path.shown): was a newer one its writer?")
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
