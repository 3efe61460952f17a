/// Completion for bash 4 and later, without the bash-completion package.
enum BashCompletion {
  static func script(_ root: CommandNode) -> String {
    let function = "_\(root.name)_complete"
    let paths = root.all.dropFirst().map { "      \($0.joined("/"))) path=\($0.joined("/"));;" }
    let values = root.all.flatMap { node in
      node.options.filter { $0.kind == .option }.map { option in
        "    \(option.spellings.map { "\(node.joined("/")):\($0)" }.joined(separator: "|"))) \(offer(option)); return;;"
      }
    }
    let words = root.all.map { node in
      let options = (node.options.flatMap(\.spellings) + ["--help"]).joined(separator: " ")
      let names = node.children.map(\.name).joined(separator: " ")
      let other =
        if !node.children.isEmpty { "words=\(shellQuoted(names))" } else if let last = node.positionals.last {
          offer(last) + "; return"
        } else {
          "return"
        }
      return """
            \(node.joined("/")))
              if [[ $current == -* ]]; then words=\(shellQuoted(options)); else \(other); fi;;
        """
    }
    return """
      # bash completion of \(root.name): source it, or save it in ~/.local/share/bash-completion/completions/\(root.name)
      \(function)() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path=\(root.name) words= i
        # bash splits --option=value into three words
        if [[ $current == = ]]; then current=; elif [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi
        for ((i = 1; i < COMP_CWORD; i++)); do
          case $path/${COMP_WORDS[i]} in
      \(paths.joined(separator: "\n"))
          esac
        done
        COMPREPLY=()
        case $path:$previous in
      \(values.isEmpty ? "    :) ;;" : values.joined(separator: "\n"))
        esac
        case $path in
      \(words.joined(separator: "\n"))
        esac
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
      }
      complete -F \(function) \(root.name)

      """
  }

  /// The commands that offer a value's completions.
  private static func offer(_ definition: ArgumentDefinition) -> String {
    switch definition.completion {
    case .none: ":"
    case .file: files("-f")
    case .directory: files("-d")
    case .choices(let choices):
      "mapfile -t COMPREPLY < <(compgen -W \(shellQuoted(choices.joined(separator: " "))) -- \"$current\")"
    }
  }

  /// `compopt` works only inside a completion, so its failure elsewhere is no matter.
  private static func files(_ option: String) -> String {
    "mapfile -t COMPREPLY < <(compgen \(option) -- \"$current\"); compopt -o filenames 2>/dev/null"
  }
}
