/// A type a configuration key can have: what a text means, and how the value is written back.
package protocol ConfigurationValue: Sendable {
  /// The value of a text, or nil if it means none.
  init?(configurationText text: String)
  /// The value of a word of the command line, whose bytes need not be a text: a path is one for all of them.
  init?(configurationBytes bytes: [UInt8])
  /// The text that reads back as this value.
  var configurationText: String { get }
  /// What a text must be, to complete "expected …", for example `a whole number`.
  static var configurationExpectation: String { get }
}

extension ConfigurationValue {
  package init?(configurationBytes bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    self.init(configurationText: text)
  }
}

extension String: ConfigurationValue {
  package init?(configurationText text: String) { self = text }
  package var configurationText: String { self }
  package static var configurationExpectation: String { "a text" }
}

extension Int: ConfigurationValue {
  package init?(configurationText text: String) { self.init(text) }
  package var configurationText: String { "\(self)" }
  package static var configurationExpectation: String { "a whole number" }
}

extension Double: ConfigurationValue {
  package init?(configurationText text: String) {
    guard let value = Double(text), value.isFinite else { return nil }
    self = value
  }
  package var configurationText: String { "\(self)" }
  package static var configurationExpectation: String { "a number, like 0.5" }
}

extension Bool: ConfigurationValue {
  package init?(configurationText text: String) {
    switch text.lowercased() {
    case "true", "yes", "on", "1": self = true
    case "false", "no", "off", "0": self = false
    default: return nil
    }
  }
  package var configurationText: String { "\(self)" }
  package static var configurationExpectation: String { "true or false" }
}

/// A choice takes the texts of its cases.
extension ConfigurationValue where Self: CaseIterable {
  package init?(configurationText text: String) {
    guard let value = Self.allCases.first(where: { $0.configurationText == text }) else { return nil }
    self = value
  }
  package static var configurationExpectation: String {
    "one of " + allCases.map(\.configurationText).joined(separator: ", ")
  }
}

/// An enum of strings is written as its raw values.
extension ConfigurationValue where Self: RawRepresentable, RawValue == String {
  package var configurationText: String { rawValue }
}

/// `name=value` pairs, separated by commas; a value may hold further `=` but no comma.
extension Dictionary: ConfigurationValue where Key == String, Value == String {
  package init?(configurationText text: String) {
    self = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2 else { return nil }
      let name = pair[0].trimmingBlanks()
      guard !name.isEmpty, self[name] == nil else { return nil }
      self[name] = pair[1].trimmingBlanks()
    }
  }
  package var configurationText: String { map { "\($0)=\($1)" }.sorted().joined(separator: ",") }
  package static var configurationExpectation: String { "name=value pairs separated by commas, no name twice" }
}

extension StringProtocol {
  /// Without the blanks and tabs around it.
  func trimmingBlanks() -> String {
    String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}
