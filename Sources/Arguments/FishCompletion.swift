/// Completion for fish: one `complete` line a word, each under the condition that its command is being typed.
enum FishCompletion {
  static func script(_ root: CommandNode) -> String {
    let function = "__\(root.name)_at"
    let paths = root.all.dropFirst().map { "      case \($0.joined("/"))\n        set path \($0.joined("/"))" }
    let lines = root.all.flatMap { node -> [String] in
      let head = "complete -c \(root.name) -n '\(function) \(node.joined("/"))'"
      let children = node.children.map { "\(head) -a \($0.name) -d \(quoted($0.abstract))" }
      // Files are what fish offers by itself: each command that takes none says so.
      let positional = node.positionals.last.map(value) ?? " -f"
      let positionals = positional == files ? [] : ["\(head)\(positional)"]
      return children + positionals + node.options.map { option(head, $0) }
        + ["\(head) -s h -l help -d 'show this help'"]
    }
    return """
      # fish completion of \(root.name): save it as ~/.config/fish/completions/\(root.name).fish
      function \(function)
        set -l path \(root.name)
        for word in (commandline -opc)[2..]
          switch $path/$word
      \(paths.joined(separator: "\n"))
          end
        end
        test $path = $argv[1]
      end
      \(lines.joined(separator: "\n"))

      """
  }

  private static func option(_ head: String, _ option: ArgumentDefinition) -> String {
    let short = option.short.map { " -s \($0)" } ?? ""
    let takesValue = option.kind == .option ? " -r\(value(option))" : ""
    return "\(head)\(short) -l \(option.long)\(takesValue) -d \(quoted(option.help))"
  }

  private static let files = " -F"

  private static func value(_ definition: ArgumentDefinition) -> String {
    switch definition.completion {
    case .none: " -f"
    case .file: files
    case .directory: " -f -a '(__fish_complete_directories)'"
    case .choices(let choices): " -f -a \(quoted(choices.joined(separator: " ")))"
    }
  }

  private static func quoted(_ text: String) -> String { "'\(escaping(text, "'\\"))'" }
}
