/// Why bytes are not an event: the attribute and what is wrong with it, never its value, so that it is safe to store
/// and to log.
package struct EventError: Error, Sendable, Hashable {
  /// The attribute, header or JSON path, such as `ce_time` or `data.segments[3].title`.
  package let attribute: String
  /// What is wrong, such as `missing`.
  package let reason: String

  package init(_ attribute: String, _ reason: String) { (self.attribute, self.reason) = (attribute, reason) }

  /// An attribute that has to be there.
  static func missing(_ attribute: String) -> EventError { EventError(attribute, "missing") }

  /// The reject code it leads to.
  package var code: RejectCode { .badEvent }

  /// `ce_time: not an RFC 3339 time of the years 1970–9999`, at most 200 characters.
  package var detail: String { String("\(attribute): \(reason)".prefix(200)) }
}

extension EventError: CustomStringConvertible {
  package var description: String { detail }
}
