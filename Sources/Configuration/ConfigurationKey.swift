/// One setting: its name in environment and file, its type, default and meaning.
///
///     static let port = ConfigurationKey("LECTERN_HTTP_PORT", default: 8080, in: 0...65535, help: "port of …")
package struct ConfigurationKey<Value: ConfigurationValue>: AnyConfigurationKey {
  package let name: String
  package let help: String
  package let isSecret: Bool
  /// The value where nothing is set; without one the key is optional, or required by the commands that need it.
  package let defaultValue: Value?
  private let validate: @Sendable (Value) -> String?

  /// `validate` returns what a value must be where it is not, to complete "expected …".
  package init(
    _ name: String, default defaultValue: Value? = nil, help: String, secret: Bool = false,
    validate: @escaping @Sendable (Value) -> String? = { _ in nil }
  ) {
    precondition(name.hasPrefix("LECTERN_"), "\(name): keys start with LECTERN_")
    (self.name, self.defaultValue, self.help, isSecret) = (name, defaultValue, help, secret)
    self.validate = validate
    if let defaultValue { precondition(validate(defaultValue) == nil, "\(name): its default is not valid") }
  }

  package init(
    _ name: String, default defaultValue: Value? = nil, in range: ClosedRange<Value>, help: String
  ) where Value: Comparable {
    self.init(name, default: defaultValue, help: help) { value in
      range.contains(value)
        ? nil : "\(range.lowerBound.configurationText) to \(range.upperBound.configurationText)"
    }
  }

  package var defaultText: String? { defaultValue?.configurationText }
  package var expectation: String { Value.configurationExpectation }

  package func problem(with text: String) -> String? {
    guard let value = Value(configurationText: text) else { return expectation }
    return validate(value)
  }
}

/// A configuration key whatever its type.
package protocol AnyConfigurationKey: Sendable {
  var name: String { get }
  var help: String { get }
  /// Secrets are never shown, and may come from the file that `<name>_FILE` names.
  var isSecret: Bool { get }
  var defaultText: String? { get }
  /// What its texts must be, to complete "expected …".
  var expectation: String { get }
  /// What a text should have been, or nil if it is good.
  func problem(with text: String) -> String?
}

extension AnyConfigurationKey {
  /// A text that is not a good one, as it may be shown; nil for what must not be: a secret, and what may hold a login
  /// that belongs elsewhere, as in `user:password@host`.
  package func shown(_ text: String) -> String? { isSecret || text.contains("@") ? nil : text }
}
