/// Why a text is not JSON, or not the JSON that was expected. Safe to log but for a repeated name.
package enum JSONSyntaxError: Error, Hashable {
  /// The position is in bytes.
  case malformed(String, position: Int)
  case repeatedName(JSONName, position: Int)
  case tooDeep(limit: Int)
  case tooManyValues(limit: Int)
}

/// Why a document is not the one that was expected: where and what is wrong with it, never a value, so that it is safe
/// to store and to log.
package struct JSONError: Error, Hashable {
  /// Where: `data.segments[3].title`, empty for the whole document.
  package let path: String
  /// What is wrong, such as `missing`.
  package let reason: String

  package init(_ path: String, _ reason: String) { (self.path, self.reason) = (path, reason) }

  /// The whole document is not JSON.
  init(_ error: JSONSyntaxError) {
    path = ""
    reason =
      switch error {
      case .malformed: "not JSON"
      case .repeatedName: "a JSON object repeats a key"
      case .tooDeep(let limit): "JSON nested deeper than \(limit)"
      case .tooManyValues(let limit): "more than \(limit) JSON values: split it"
      }
  }
}
