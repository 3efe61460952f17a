package import Configuration

/// The value of a wrapped property, shared between the copies of its struct.
package final class ArgumentBox<Value> {
  var value: Value?
  init(_ value: Value?) { self.value = value }
}

/// An option with a value: `--name value`, `--name=value`, `-n value`. Of a repeated option the last counts; an array
/// collects all.
@propertyWrapper
package struct Option<Value>: ArgumentProperty {
  private let box: ArgumentBox<Value>
  let definition: ArgumentDefinition

  /// The value; a required one traps when it is read before the parser has run.
  package var wrappedValue: Value {
    get { box.value! }
    nonmutating set { box.value = newValue }
  }

  /// An option with a default.
  package init(
    wrappedValue: Value, short: Character? = nil, long: String? = nil, help: String, value: String? = nil,
    group: String? = nil, completion: CompletionKind? = nil
  ) where Value: ConfigurationValue {
    let names = ArgumentNames(short: short, long: long, value: value, group: group)
    (box, definition) = make(.option, default: wrappedValue, help: help, names: names, completion: completion)
  }

  /// A required option.
  package init(
    short: Character? = nil, long: String? = nil, help: String, value: String? = nil, group: String? = nil,
    completion: CompletionKind? = nil
  ) where Value: ConfigurationValue {
    let names = ArgumentNames(short: short, long: long, value: value, group: group)
    (box, definition) = make(.option, default: nil, help: help, names: names, completion: completion)
  }

  /// An option that may be missing.
  package init<Wrapped: ConfigurationValue>(
    short: Character? = nil, long: String? = nil, help: String, value: String? = nil, group: String? = nil,
    completion: CompletionKind? = nil
  ) where Value == Wrapped? {
    let names = ArgumentNames(short: short, long: long, value: value, group: group)
    (box, definition) = makeOptional(.option, Wrapped.self, help: help, names: names, completion: completion)
  }

  /// An option that overrides a configuration key; nil when not given. Its help and default are the key's.
  package init<Wrapped: ConfigurationValue>(
    key: ConfigurationKey<Wrapped>, short: Character? = nil, long: String? = nil, value: String? = nil,
    group: String? = nil, completion: CompletionKind? = nil
  ) where Value == Wrapped? {
    let names = ArgumentNames(short: short, long: long, value: value, group: group)
    (box, definition) = makeOptional(
      .option, Wrapped.self, help: key.help, names: names, completion: completion, key: key)
  }
}

/// A positional argument; an array takes all that remain.
@propertyWrapper
package struct Argument<Value>: ArgumentProperty {
  private let box: ArgumentBox<Value>
  let definition: ArgumentDefinition

  /// The value; a required one traps when it is read before the parser has run.
  package var wrappedValue: Value {
    get { box.value! }
    nonmutating set { box.value = newValue }
  }

  /// An argument with a default.
  package init(wrappedValue: Value, help: String, value: String? = nil, completion: CompletionKind? = nil)
  where Value: ConfigurationValue {
    let names = ArgumentNames(value: value)
    (box, definition) = make(.positional, default: wrappedValue, help: help, names: names, completion: completion)
  }

  /// A required argument; of an array at least one.
  package init(help: String, value: String? = nil, completion: CompletionKind? = nil) where Value: ConfigurationValue {
    let names = ArgumentNames(value: value)
    (box, definition) = make(.positional, default: nil, help: help, names: names, completion: completion)
  }

  /// An argument that may be missing.
  package init<Wrapped: ConfigurationValue>(help: String, value: String? = nil, completion: CompletionKind? = nil)
  where Value == Wrapped? {
    let names = ArgumentNames(value: value)
    (box, definition) = makeOptional(.positional, Wrapped.self, help: help, names: names, completion: completion)
  }
}

/// An option without a value: `--name`, and `--no-name` where it is invertible.
@propertyWrapper
package struct Flag<Value>: ArgumentProperty {
  private let box: ArgumentBox<Value>
  let definition: ArgumentDefinition

  package var wrappedValue: Value {
    get { box.value! }
    nonmutating set { box.value = newValue }
  }

  package init(
    wrappedValue: Bool = false, short: Character? = nil, long: String? = nil, invertible: Bool = false, help: String,
    group: String? = nil
  ) where Value == Bool {
    let names = ArgumentNames(short: short, long: long, group: group)
    (box, definition) = make(.flag, default: wrappedValue, help: help, names: names, completion: nil)
    definition.isInvertible = invertible
    if !invertible { definition.defaultText = nil }
  }

  /// A flag and its `--no-` form that override a configuration key; nil when not given.
  package init(key: ConfigurationKey<Bool>, short: Character? = nil, long: String? = nil, group: String? = nil)
  where Value == Bool? {
    let names = ArgumentNames(short: short, long: long, group: group)
    (box, definition) = makeOptional(.flag, Bool.self, help: key.help, names: names, completion: nil, key: key)
    definition.isInvertible = true
  }
}

/// Options shared by several commands.
@propertyWrapper
package struct OptionGroup<Group: ArgumentGroup>: ArgumentGroupProperty {
  package var wrappedValue = Group()
  package init() {}
  var group: any ArgumentGroup { wrappedValue }
}

/// A list, whose elements come one word each and are never split at commas.
private protocol Repeatable: ConfigurationValue {
  static func appending(_ text: String, to list: Any?) -> Any?
  static var elementExpectation: String { get }
  static var elementType: any ConfigurationValue.Type { get }
}

extension Array: Repeatable where Element: ConfigurationValue {
  static func appending(_ text: String, to list: Any?) -> Any? {
    Element(configurationText: text).map { (list as? [Element] ?? []) + [$0] }
  }
  static var elementExpectation: String { Element.configurationExpectation }
  static var elementType: any ConfigurationValue.Type { Element.self }
}

/// The texts of an enum.
private func choices(of type: any ConfigurationValue.Type) -> CompletionKind? {
  if type == Bool.self { return .choices(["true", "false"]) }
  guard let enumeration = type as? any CaseIterable.Type else { return nil }
  func texts<T: CaseIterable>(_: T.Type) -> [String] {
    T.allCases.compactMap { ($0 as? any ConfigurationValue)?.configurationText }
  }
  return .choices(texts(enumeration))
}

private func make<Value: ConfigurationValue>(
  _ kind: ArgumentDefinition.Kind, default defaultValue: Value?, help: String, names: ArgumentNames,
  completion: CompletionKind?
) -> (ArgumentBox<Value>, ArgumentDefinition) {
  let box = ArgumentBox(defaultValue)
  let list = Value.self as? any Repeatable.Type
  var isFirst = true
  let definition = ArgumentDefinition(kind, help: help, names: names) { text in
    let value =
      if let list { list.appending(text, to: isFirst ? nil : box.value) as? Value } else {
        Value(configurationText: text)
      }
    guard let value else { return list?.elementExpectation ?? Value.configurationExpectation }
    (box.value, isFirst) = (value, false)
    return nil
  }
  definition.isRepeating = list != nil
  definition.isRequired = defaultValue == nil
  definition.defaultText = defaultValue.map(\.configurationText).flatMap { $0.isEmpty ? nil : $0 }
  definition.completion = completion ?? choices(of: list?.elementType ?? Value.self) ?? .none
  return (box, definition)
}

private func makeOptional<Wrapped: ConfigurationValue>(
  _ kind: ArgumentDefinition.Kind, _: Wrapped.Type, help: String, names: ArgumentNames, completion: CompletionKind?,
  key: ConfigurationKey<Wrapped>? = nil
) -> (ArgumentBox<Wrapped?>, ArgumentDefinition) {
  let box = ArgumentBox<Wrapped?>(.some(nil))
  let definition = ArgumentDefinition(kind, help: help, names: names) { text in
    if let problem = key?.problem(with: text) { return problem }
    guard let value = Wrapped(configurationText: text) else { return Wrapped.configurationExpectation }
    box.value = value
    return nil
  }
  definition.key = key
  definition.defaultText = key?.isSecret == true ? nil : key?.defaultText
  definition.completion = completion ?? choices(of: Wrapped.self) ?? .none
  return (box, definition)
}
