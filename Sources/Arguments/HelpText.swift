import Configuration
import PlainText
import TextOutput

/// The help of a command, wrapped to 100 columns.
struct HelpText {
  static let columns = 100
  private static let helpColumn = 30

  let path: [any Command.Type]

  var text: String {
    let configuration = path.last!.configuration
    let definitions = path.last!.init().definitions
    let positionals = definitions.filter { $0.kind == .positional }
    let options = definitions.filter { $0.kind != .positional }
    var usage = path.map { $0.configuration.name }
    if !options.isEmpty { usage.append("[options]") }
    usage += options.filter(\.isRequired).map { "--\($0.long) <\($0.valueName)>" }
    usage += positionals.map { $0.isRequired ? $0.usage : "[\($0.usage)]" }
    if !configuration.subcommands.isEmpty { usage.append("<command>") }

    var sections = [configuration.abstract, "Usage: " + usage.joined(separator: " ")]
    if !configuration.discussion.isEmpty { sections.append(Self.paragraphs(configuration.discussion)) }
    for group in configuration.groups {
      sections.append(
        Self.section(group.title, group.commands.map { ($0.configuration.name, $0.configuration.abstract) }))
    }
    if !positionals.isEmpty { sections.append(Self.section("Arguments", positionals.map(Self.row))) }
    var titles: [String] = []
    for option in options where !titles.contains(option.group) { titles.append(option.group) }
    for title in titles {
      sections.append(Self.section(title, options.filter { $0.group == title }.map(Self.row)))
    }
    var help = [("-h, --help", "show this help")]
    if path.count == 1, configuration.version != nil { help.append(("-V, --version", "show the version")) }
    sections.append(Self.section("Help", help))
    if !configuration.subcommands.isEmpty {
      let words = path.map { $0.configuration.name }.joined(separator: " ")
      sections.append("'\(words) <command> --help' tells more about a command.")
    }
    return sections.map { Self.wrap($0.isEmpty ? " " : $0) }.joined(separator: "\n\n") + "\n"
  }

  private static func row(_ definition: ArgumentDefinition) -> (String, String) {
    var notes: [String] = []
    if definition.isRequired, definition.kind == .option { notes.append("required") }
    if definition.isRepeating, definition.kind == .option { notes.append("repeatable") }
    if case .choices(let choices) = definition.completion {
      notes.append(choices.joined(separator: "|"))
    }
    if let text = definition.defaultText, !text.isEmpty { notes.append("default: \(text)") }
    if let key = definition.key { notes.append(key.name) }
    return (definition.usage, definition.help + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"))
  }

  private static func section(_ title: String, _ rows: [(String, String)]) -> String {
    let lines = rows.map { left, right in
      let head = "  \(left)"
      let indent = "".padded(to: helpColumn)
      let body = right.wrapped(columns: columns - helpColumn).joined(separator: "\n\(indent)")
      // A long name stands on a line of its own.
      return head.count + 2 > helpColumn ? "\(head)\n\(indent)\(body)" : head.padded(to: helpColumn) + body
    }
    return ([title + ":"] + lines).joined(separator: "\n")
  }

  /// Joins the lines of each paragraph; those that start with a blank stay lines of their own.
  private static func paragraphs(_ text: String) -> String {
    var lines: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let last = lines.last, !last.isEmpty, !last.hasPrefix(" "), !line.isEmpty, !line.hasPrefix(" ") {
        lines[lines.count - 1] += " \(line)"
      } else {
        lines.append(String(line))
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Wraps the lines that are too long and do not start with a blank.
  private static func wrap(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.count <= columns || line.hasPrefix(" ")
        ? String(line) : String(line).wrapped(columns: columns).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}
