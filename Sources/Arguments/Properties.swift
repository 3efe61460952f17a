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
    (box, definition) = make(.option, Value.self, wrappedValue, help, names, completion) { $0 = $1 }
    definition.defaultText = wrappedValue.configurationText
  }

  /// An option that may be repeated; each adds to the array.
  package init<Element: ConfigurationValue>(
    wrappedValue: [Element], short: Character? = nil, long: String? = nil, help: String, value: String? = nil,
    group: String? = nil, completion: CompletionKind? = nil
  ) where Value == [Element] {
    let names = ArgumentNames(short: short, long: long, value: value, group: group)
    (box, definition) = make(.option, Element.self, wrappedValue, help, names, completion) { $0 = ($0 ?? []) + [$1] }
    definition.isRepeating = true
  }

  /// A required option.
  package init(
    short: Character? = nil, long: String? = nil, help: String, value: String? = nil, group: String? = nil,
    completion: CompletionKind? = nil
  ) where Value: ConfigurationValue {
    let names = ArgumentNames(short: short, long: long, value: value, group: group)
    (box, definition) = make(.option, Value.self, nil, help, names, completion) { $0 = $1 }
  }

  /// An option that may be missing.
  package init<Wrapped: ConfigurationValue>(
    short: Character? = nil, long: String? = nil, help: String, value: String? = nil, group: String? = nil,
    completion: CompletionKind? = nil
  ) where Value == Wrapped? {
    let names = ArgumentNames(short: short, long: long, value: value, group: group)
    (box, definition) = make(.option, Wrapped.self, .some(nil), help, names, completion) { $0 = $1 }
  }

  /// An option that overrides a configuration key; nil when not given. Its help and default are the key's.
  package init<Wrapped: ConfigurationValue>(
    key: ConfigurationKey<Wrapped>, short: Character? = nil, long: String? = nil, value: String? = nil,
    group: String? = nil, completion: CompletionKind? = nil
  ) where Value == Wrapped? {
    let names = ArgumentNames(short: short, long: long, value: value, group: group)
    (box, definition) = make(.option, Wrapped.self, .some(nil), key.help, names, completion, key) { $0 = $1 }
    definition.defaultText = key.isSecret ? nil : key.defaultText
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

  /// A required argument.
  package init(help: String, value: String? = nil, completion: CompletionKind? = nil) where Value: ConfigurationValue {
    (box, definition) = make(.positional, Value.self, nil, help, ArgumentNames(value: value), completion) { $0 = $1 }
  }

  /// Arguments, at least one.
  package init<Element: ConfigurationValue>(help: String, value: String? = nil, completion: CompletionKind? = nil)
  where Value == [Element] {
    let names = ArgumentNames(value: value)
    (box, definition) = make(.positional, Element.self, nil, help, names, completion) { $0 = ($0 ?? []) + [$1] }
    definition.isRepeating = true
  }

  /// An argument that may be missing.
  package init<Wrapped: ConfigurationValue>(help: String, value: String? = nil, completion: CompletionKind? = nil)
  where Value == Wrapped? {
    let names = ArgumentNames(value: value)
    (box, definition) = make(.positional, Wrapped.self, .some(nil), help, names, completion) { $0 = $1 }
  }
}

/// An option without a value, `--name`: true where it is given.
@propertyWrapper
package struct Flag: ArgumentProperty {
  private let box: ArgumentBox<Bool>
  let definition: ArgumentDefinition

  package var wrappedValue: Bool {
    get { box.value! }
    nonmutating set { box.value = newValue }
  }

  package init(short: Character? = nil, long: String? = nil, help: String, group: String? = nil) {
    let names = ArgumentNames(short: short, long: long, group: group)
    (box, definition) = make(.flag, Bool.self, false, help, names, nil) { $0 = $1 }
  }
}

/// Options shared by several commands.
@propertyWrapper
package struct OptionGroup<Group: ArgumentGroup>: ArgumentGroupProperty {
  package var wrappedValue = Group()
  package init() {}
  var group: any ArgumentGroup { wrappedValue }
}

/// The texts of an enum.
private func choices(of type: any ConfigurationValue.Type) -> CompletionKind? {
  guard let enumeration = type as? any CaseIterable.Type else { return nil }
  func texts<T: CaseIterable>(_: T.Type) -> [String] {
    T.allCases.compactMap { ($0 as? any ConfigurationValue)?.configurationText }
  }
  return .choices(texts(enumeration))
}

/// A property's value and definition: what each word means is handed to `store`. Required if it has no first value.
private func make<Value, Parsed: ConfigurationValue>(
  _ kind: ArgumentDefinition.Kind, _: Parsed.Type, _ first: Value?, _ help: String, _ names: ArgumentNames,
  _ completion: CompletionKind?, _ key: ConfigurationKey<Parsed>? = nil,
  store: @escaping (inout Value?, Parsed) -> Void
) -> (ArgumentBox<Value>, ArgumentDefinition) {
  let box = ArgumentBox(first)
  let definition = ArgumentDefinition(kind, help: help, names: names) { word in
    if let problem = key?.problem(with: word.text) { return problem }
    guard let value = Parsed(configurationBytes: word.bytes) else { return Parsed.configurationExpectation }
    store(&box.value, value)
    return nil
  }
  definition.isRequired = first == nil
  definition.key = key
  definition.completion = completion ?? choices(of: Parsed.self) ?? .none
  return (box, definition)
}
