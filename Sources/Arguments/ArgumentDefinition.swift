package import Configuration

/// What the shell offers for a value.
package enum CompletionKind: Sendable, Equatable {
  case none, file, directory
  case choices([String])
}

/// The description of one option, flag or argument, and what the command line gave it. A reference, so that the parser
/// can fill a struct it only sees through `Mirror`.
final class ArgumentDefinition {
  enum Kind { case option, flag, positional }

  let kind: Kind
  let help: String
  var short: Character?
  /// Without dashes; filled in from the property's name where none is given.
  var long: String
  var valueName: String
  var group = "Options"
  var defaultText: String?
  var isRequired = false
  var isRepeating = false
  var completion = CompletionKind.none
  /// The configuration key the option overrides.
  var key: (any AnyConfigurationKey)?
  /// Takes one word; returns what it should have been if it is not good.
  let accept: (CommandWord) -> String?
  /// The spellings and texts of the command line, in order.
  var given: [ConfigurationTable.Flag] = []

  init(_ kind: Kind, help: String, names: ArgumentNames, accept: @escaping (CommandWord) -> String?) {
    (self.kind, self.help, self.accept) = (kind, help, accept)
    (short, long, valueName) = (names.short, names.long ?? "", names.value ?? "")
    if let group = names.group { self.group = group }
  }

  /// `-p, --port <port>`, `-q, --quiet` or `<path>...`.
  var usage: String {
    let value = "<\(valueName)>"
    switch kind {
    case .positional: return isRepeating ? "\(value)..." : value
    case .option: return "\(spellings.joined(separator: ", ")) \(value)"
    case .flag: return spellings.joined(separator: ", ")
    }
  }

  /// All spellings as typed.
  var spellings: [String] {
    guard kind != .positional else { return [] }
    return [short.map { "-\($0)" }, "--\(long)"].compactMap(\.self)
  }
}

/// How an option is spelled and shown; what is nil comes from the property's name.
struct ArgumentNames {
  var short: Character?
  var long: String?
  var value: String?
  var group: String?
}

/// A wrapped property as `Mirror` shows it.
protocol ArgumentProperty { var definition: ArgumentDefinition { get } }
protocol ArgumentGroupProperty { var group: any ArgumentGroup { get } }

extension ArgumentGroup {
  /// The declared arguments in order, those of groups where the group stands.
  var definitions: [ArgumentDefinition] {
    Mirror(reflecting: self).children.flatMap { label, value -> [ArgumentDefinition] in
      if let group = value as? any ArgumentGroupProperty { return group.group.definitions }
      guard let definition = (value as? any ArgumentProperty)?.definition else { return [] }
      // The storage of a wrapped property is called `_name`.
      let name = kebab(String((label ?? "").drop { $0 == "_" }))
      if definition.long.isEmpty { definition.long = name }
      if definition.valueName.isEmpty { definition.valueName = definition.long }
      return [definition]
    }
  }

  /// What the command line said about configuration keys, by key name: the flags of `ConfigurationTable.resolve`.
  package var configurationFlags: [String: ConfigurationTable.Flag] {
    var flags: [String: ConfigurationTable.Flag] = [:]
    for definition in definitions {
      if let key = definition.key, let last = definition.given.last { flags[key.name] = last }
    }
    return flags
  }
}

/// `exitWhenDone` as `exit-when-done`.
private func kebab(_ name: String) -> String {
  var result = ""
  for character in name {
    if character.isUppercase, !result.isEmpty { result += "-" }
    result += character.lowercased()
  }
  return result
}
