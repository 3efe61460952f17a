/// A parsed JSON value. Numbers and strings are ranges of the document's bytes, read when asked for, so that a megabyte
/// of base64 is not copied on the way.
enum JSONValue {
  case null
  case bool(Bool)
  /// The range of the number's characters.
  case number(Range<Int>)
  /// The range between the quotes, and whether a backslash is in it.
  case string(Range<Int>, isEscaped: Bool)
  case array([JSONValue])
  case object([String: JSONValue])
}
