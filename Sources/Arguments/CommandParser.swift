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

  mutating func parse(_ arguments: [String]) throws(UsageError) -> ParsedCommandLine {
    var words = arguments[...]
    var positionals: [String] = []
    var command = path[0].init()
    var definitions = command.definitions
    var isTerminated = false
    while let word = words.popFirst() {
      if isTerminated || !word.hasPrefix("-") || word == "-" || Double(word) != nil {
        if path.last!.configuration.subcommands.isEmpty {
          positionals.append(word)
        } else if word == "help", !isTerminated {
          for name in words where !name.hasPrefix("-") { try descend(to: name) }
          return .help
        } else {
          try descend(to: word)
          command = path.last!.init()
          definitions = command.definitions
        }
      } else if word == "--" {
        isTerminated = true
      } else if word == "--help" || word == "-h" {
        return .help
      } else if word == "--version", path.count == 1, let version = path[0].configuration.version {
        return .version(version)
      } else if word.hasPrefix("--") {
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

  private mutating func descend(to name: String) throws(UsageError) {
    let subcommands = path.last!.configuration.subcommands
    if let found = subcommands.first(where: { $0.configuration.name == name }) { return path.append(found) }
    let suggestion = Suggestion.nearest(to: name, among: subcommands.map { $0.configuration.name })
    throw UsageError("unknown command '\(name)'" + didYouMean(suggestion))
  }

  private func long(
    _ word: String, _ definitions: [ArgumentDefinition], _ words: inout ArraySlice<String>
  ) throws(UsageError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let definition = definitions.first(where: { $0.spellings.contains(parts[0]) }) else {
      let known = definitions.flatMap(\.spellings).filter { $0.hasPrefix("--") } + ["--help"]
      throw UsageError("unknown option '\(parts[0])'" + didYouMean(Suggestion.nearest(to: parts[0], among: known)))
    }
    if definition.kind == .flag {
      if parts.count > 1 { throw UsageError("\(parts[0]) takes no value") }
      try give(definition, "true", as: parts[0])
    } else {
      try give(definition, parts.count > 1 ? parts[1] : try value(for: parts[0], &words), as: parts[0])
    }
  }

  /// `-v`, `-vq`, `-p 1`, `-p1`, `-p=1`.
  private func short(
    _ word: String, _ definitions: [ArgumentDefinition], _ words: inout ArraySlice<String>
  ) throws(UsageError) {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      let spelling = "-\(letter)"
      guard let definition = definitions.first(where: { $0.kind != .positional && $0.short == letter }) else {
        throw UsageError("unknown option '\(spelling)'")
      }
      if definition.kind == .flag {
        try give(definition, "true", as: spelling)
      } else {
        if letters.first == "=" { letters.removeFirst() }
        return try give(definition, letters.isEmpty ? try value(for: spelling, &words) : String(letters), as: spelling)
      }
    }
  }

  /// The next word as an option's value; one that looks like an option needs `=`, so that a forgotten value is noticed.
  private func value(for spelling: String, _ words: inout ArraySlice<String>) throws(UsageError) -> String {
    guard let next = words.first, !next.hasPrefix("-") || next == "-" || Double(next) != nil else {
      throw UsageError("\(spelling) needs a value (write \(spelling)=VALUE if it starts with a dash)")
    }
    return words.removeFirst()
  }

  private func assign(_ words: [String], to definitions: [ArgumentDefinition]) throws(UsageError) {
    var rest = words[...]
    for definition in definitions {
      repeat {
        guard let word = rest.popFirst() else { return }
        try give(definition, word, as: definition.usage)
      } while definition.isRepeating
    }
    if let extra = rest.first { throw UsageError("unexpected argument '\(extra)'") }
  }

  private func give(_ definition: ArgumentDefinition, _ text: String, as spelling: String) throws(UsageError) {
    if let expected = definition.accept(text) {
      // A secret never reaches the terminal or a log.
      let shown = definition.key?.isSecret == true ? "" : " '\(text)'"
      throw UsageError("\(spelling): bad value\(shown), expected \(expected)")
    }
    definition.given.append(ConfigurationTable.Flag(spelling: spelling, text: text))
  }

  private func didYouMean(_ suggestion: String?) -> String { suggestion.map { "; did you mean '\($0)'?" } ?? "" }
}
