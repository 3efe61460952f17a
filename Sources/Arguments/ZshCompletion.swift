/// Completion for zsh: one function a command, each calling `_arguments`.
enum ZshCompletion {
  static func script(_ root: CommandNode) -> String {
    let functions = root.all.map(function)
    return """
      #compdef \(root.name)
      # zsh completion of \(root.name): save it as _\(root.name) in a folder of $fpath

      \(functions.joined(separator: "\n\n"))

      if [[ ${funcstack[1]} == _\(root.name) ]]; then _\(root.name) "$@"; else compdef _\(root.name) \(root.name); fi

      """
  }

  private static func function(_ node: CommandNode) -> String {
    let specifications = (node.options.flatMap(specifications) + ["'(-h --help)'{-h,--help}'[show this help]'"])
      .map { "    \($0) \\\n" }.joined()
    let name = "_\(node.joined("_"))"
    if node.children.isEmpty {
      let positionals = node.positionals.map { definition in
        let text = "\(definition.isRepeating ? "*" : ""):\(definition.valueName):\(action(definition))"
        return "    \(shellQuoted(text)) \\\n"
      }
      return "\(name)() {\n  _arguments \\\n\(specifications)\(positionals.joined())    && return\n}"
    }
    let commands = node.children.map { "      \(shellQuoted("\($0.name):\($0.abstract)"))" }
    let calls = node.children.map { "        \($0.name)) _\($0.joined("_"));;" }
    return """
      \(name)() {
        local context state line
        typeset -A opt_args
        _arguments -C \\
      \(specifications)    '1:command:->command' \\
          '*::arguments:->arguments' && return
        case $state in
          command)
            local -a commands=(
      \(commands.joined(separator: "\n"))
            )
            _describe command commands;;
          arguments)
            case $line[1] in
      \(calls.joined(separator: "\n"))
            esac;;
        esac
      }
      """
  }

  private static func specifications(_ option: ArgumentDefinition) -> [String] {
    let help = "[" + escaping(option.help, "[]\\:") + "]"
    return option.spellings.map { spelling in
      let name = option.isRepeating ? "*\(spelling)" : spelling
      if option.kind == .flag { return shellQuoted("\(name)\(help)") }
      let form = spelling.hasPrefix("--") ? "\(name)=" : "\(name)+"
      return shellQuoted("\(form)\(help):\(option.valueName):\(action(option))")
    }
  }

  private static func action(_ definition: ArgumentDefinition) -> String {
    switch definition.completion {
    case .none: " "
    case .file: "_files"
    case .directory: "_files -/"
    case .choices(let choices): "(\(choices.joined(separator: " ")))"
    }
  }
}
