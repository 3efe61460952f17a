/// One command of the tree as completion scripts see it.
struct CommandNode {
  let name: String
  let abstract: String
  /// The names from the root, for example `["lectern", "model", "train"]`.
  let path: [String]
  let definitions: [ArgumentDefinition]
  let children: [CommandNode]

  init(_ type: any Command.Type, parents: [String]) {
    let configuration = type.configuration
    (name, abstract) = (configuration.name, configuration.abstract)
    path = parents + [configuration.name]
    definitions = type.init().definitions
    children = configuration.subcommands.map { [path] in CommandNode($0, parents: path) }
  }

  var options: [ArgumentDefinition] { definitions.filter { $0.kind != .positional } }
  var positionals: [ArgumentDefinition] { definitions.filter { $0.kind == .positional } }
  /// This node and all below.
  var all: [CommandNode] { [self] + children.flatMap(\.all) }

  /// A function name or a pattern made of the path.
  func joined(_ separator: String) -> String { path.joined(separator: separator) }
}

/// Text in single quotes for bash and zsh.
func shellQuoted(_ text: String) -> String {
  "'" + text.replacing("'", with: "'\\''") + "'"
}

/// Text without the characters given, each taking a backslash.
func escaping(_ text: String, _ characters: String) -> String {
  String(text.flatMap { characters.contains($0) ? ["\\", $0] : [$0] })
}
