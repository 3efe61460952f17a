/// The settings of one run: each resolved from flag, environment, file or default, and knowing which.
///
/// `ConfigurationTable.resolve` makes one, and only if every setting is good; so whoever holds it can connect.
package struct Settings: Sendable {
  /// Where a value came from.
  package enum Origin: Sendable, Equatable, CustomStringConvertible {
    case flag(String)
    case environment
    /// The file that the variable `<name>_FILE` names.
    case secretFile(String)
    case file(String, line: Int)
    case defaultValue
    case unset

    package var description: String {
      switch self {
      case .flag(let flag): flag
      case .environment: "environment"
      case .secretFile(let path): path
      case .file(let path, let line): "\(path):\(line)"
      case .defaultValue: "default"
      case .unset: "unset"
      }
    }
  }

  struct Resolved: Sendable {
    var text: String?
    var origin: Origin
  }

  let table: ConfigurationTable
  var resolved: [String: Resolved] = [:]
  /// Variables that look like ours and are not; worth a warning.
  package var warnings: [String] = []
  /// Files with secrets that more may read than need to, with what to do.
  package var fileWarnings: [String] = []

  /// The value of a key that has a default or was required; anything else traps, as does a key outside the table.
  package subscript<Value>(key: ConfigurationKey<Value>) -> Value {
    guard let value = optional(key) else { preconditionFailure("\(key.name) has no default and was not required") }
    return value
  }

  /// The value of a key, or nil where it is not set and has no default. A key outside the table traps.
  package func optional<Value>(_ key: ConfigurationKey<Value>) -> Value? {
    // Resolving has proved that the text is good.
    entry(key).text.map { Value(configurationText: $0)! }
  }

  /// Where a key's value came from.
  package func origin(of key: some AnyConfigurationKey) -> Origin { entry(key).origin }

  private func entry(_ key: any AnyConfigurationKey) -> Resolved {
    guard let entry = resolved[key.name] else { preconditionFailure("\(key.name) is not in the table") }
    return entry
  }
}
