import Configuration

/// What a command line asks for.
enum ParsedCommandLine {
  case run(any Command)
  /// Of the command at the end of the parser's path.
  case help
  case version(String)
}

/// Reads a command line: finds the subcommand, fills its properties.
struct CommandParser {
  /// From the root to the command found so far: whose help is asked for, or would help when parsing throws.
  private(set) var path: [any Command.Type]

  init(root: any Command.Type) { path = [root] }

  mutating func parse(_ arguments: [CommandWord]) throws(UsageError) -> ParsedCommandLine {
    var words = arguments[...]
    var positionals: [CommandWord] = []
    var command = path[0].init()
    var definitions = command.definitions
    var isTerminated = false
    while let word = words.popFirst() {
      let text = word.text
      if isTerminated || !text.hasPrefix("-") || text == "-" || Double(text) != nil {
        if path.last!.configuration.subcommands.isEmpty {
          positionals.append(word)
        } else if text == "help", !isTerminated {
          for name in words.map(\.text) where !name.hasPrefix("-") { try descend(to: name) }
          return .help
        } else if text == "version", let version = rootVersion {
          return .version(version)
        } else {
          try descend(to: text)
          command = path.last!.init()
          definitions = command.definitions
        }
      } else if text == "--" {
        isTerminated = true
      } else if text == "--help" || text == "-h" {
        return .help
      } else if ["--version", "-V", "-v"].contains(text), let version = rootVersion {
        return .version(version)
      } else if text.hasPrefix("--") {
        try long(word, definitions, &words)
      } else {
        try short(word, definitions, &words)
      }
    }
    try assign(positionals, to: definitions.filter { $0.kind == .positional })
    let missing = definitions.filter { $0.isRequired && $0.given.isEmpty }
    if !missing.isEmpty {
      throw UsageError(
        "missing \(missing.map { $0.kind == .option ? "--\($0.long)" : $0.usage }.joined(separator: ", "))")
    }
    return .run(command)
  }

  /// What the program is asked for as a whole; nil once a command was named.
  private var rootVersion: String? { path.count == 1 ? path[0].configuration.version : nil }

  private mutating func descend(to name: String) throws(UsageError) {
    let subcommands = path.last!.configuration.subcommands
    if let found = subcommands.first(where: { $0.configuration.name == name }) { return path.append(found) }
    let suggestion = Suggestion.nearest(to: name, among: subcommands.map { $0.configuration.name })
    throw UsageError("unknown command '\(name)'" + didYouMean(suggestion))
  }

  private func long(
    _ word: CommandWord, _ definitions: [ArgumentDefinition], _ words: inout ArraySlice<CommandWord>
  ) throws(UsageError) {
    let pair = word.splitAtEqualsSign()
    let name = pair?.name ?? word.text
    guard let definition = definitions.first(where: { $0.spellings.contains(name) }) else {
      let known = definitions.flatMap(\.spellings).filter { $0.hasPrefix("--") } + ["--help"]
      throw UsageError("unknown option '\(name)'" + didYouMean(Suggestion.nearest(to: name, among: known)))
    }
    if definition.kind == .flag {
      if pair != nil { throw UsageError("\(name) takes no value") }
      try give(definition, "true", as: name)
    } else {
      let value = if let pair { pair.value } else { try value(for: name, &words) }
      try give(definition, value, as: name)
    }
  }

  /// `-v`, `-vq`, `-p 1`, `-p1`, `-p=1`.
  private func short(
    _ word: CommandWord, _ definitions: [ArgumentDefinition], _ words: inout ArraySlice<CommandWord>
  ) throws(UsageError) {
    var letters = word.bytes.dropFirst()
    while let letter = letters.popFirst() {
      let name = Character(Unicode.Scalar(letter))
      let spelling = "-\(name)"
      guard let definition = definitions.first(where: { $0.kind != .positional && $0.short == name }) else {
        throw UsageError("unknown option '\(spelling)'")
      }
      if definition.kind == .flag {
        try give(definition, "true", as: spelling)
      } else {
        if letters.first == UInt8(ascii: "=") { letters.removeFirst() }
        let value = letters.isEmpty ? try value(for: spelling, &words) : CommandWord(bytes: Array(letters))
        return try give(definition, value, as: spelling)
      }
    }
  }

  /// The next word as an option's value; one that looks like an option needs `=`, so that a forgotten value is noticed.
  private func value(
    for spelling: String, _ words: inout ArraySlice<CommandWord>
  ) throws(UsageError) -> CommandWord {
    guard let next = words.first, next.isValue else {
      throw UsageError("\(spelling) needs a value (write \(spelling)=VALUE if it starts with a dash)")
    }
    return words.removeFirst()
  }

  private func assign(_ words: [CommandWord], to definitions: [ArgumentDefinition]) throws(UsageError) {
    var rest = words[...]
    for definition in definitions {
      repeat {
        guard let word = rest.popFirst() else { return }
        try give(definition, word, as: definition.usage)
      } while definition.isRepeating
    }
    if let extra = rest.first { throw UsageError("unexpected argument '\(extra.text)'") }
  }

  private func give(_ definition: ArgumentDefinition, _ word: CommandWord, as spelling: String) throws(UsageError) {
    if let expected = definition.accept(word) {
      // A secret never reaches the terminal or a log.
      let shown = definition.key.map { $0.shown(word.text) } ?? word.text
      throw UsageError("\(spelling): bad value\(shown.map { " '\($0)'" } ?? ""), expected \(expected)")
    }
    definition.given.append(ConfigurationTable.Flag(spelling: spelling, text: word.text))
  }

  private func didYouMean(_ suggestion: String?) -> String { suggestion.map { "; did you mean '\($0)'?" } ?? "" }
}
