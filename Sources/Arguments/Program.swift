import Configuration

/// Runs command lines against a root command.
package struct Program {
  private let root: any Command.Type
  private let output: (String) -> Void
  private let errorOutput: (String) -> Void

  /// Help and version go to `output`, errors to `errorOutput`, whole lines each.
  package init(
    _ root: any Command.Type, output: @escaping (String) -> Void, errorOutput: @escaping (String) -> Void
  ) {
    (self.root, self.output, self.errorOutput) = (root, output, errorOutput)
  }

  /// Parses the words after the program's name, runs the command and returns the exit code: 0, 64 for a wrong command
  /// line, 78 for a refused configuration, 1 for any other error, or what the command threw as `ExitCode`.
  package func run(_ arguments: [String]) async -> Int32 {
    var parser = CommandParser(root: root)
    do {
      switch try parser.parse(arguments) {
      case .help(let path): output(HelpText(path: path).text)
      case .version(let version): output(version + "\n")
      case .run(var command, _): try await command.run()
      }
      return 0
    } catch let code as ExitCode {
      return code.code
    } catch is HelpRequest {
      errorOutput(HelpText(path: parser.path).text)
      return ExitCode.usage.code
    } catch let error as UsageError {
      let words = parser.path.map { $0.configuration.name }.joined(separator: " ")
      errorOutput("error: \(error)\nsee '\(words) --help'\n")
      return ExitCode.usage.code
    } catch let errors as ConfigurationErrors {
      for error in errors.errors { errorOutput("error: \(error)\n") }
      return ExitCode.configuration.code
    } catch let error as ConfigurationError {
      errorOutput("error: \(error)\n")
      return ExitCode.configuration.code
    } catch {
      errorOutput("error: \(error)\n")
      return ExitCode.failure.code
    }
  }

  /// The help of a command, by the names below the root; nil if there is no such command.
  package func help(for names: [String] = []) -> String? {
    var parser = CommandParser(root: root)
    guard case .help(let path)? = try? parser.parse(names + ["--help"]) else { return nil }
    return HelpText(path: path).text
  }

  /// The script that completes this program's command lines in a shell.
  package func completionScript(for shell: CompletionShell) -> String {
    let tree = CommandNode(root, parents: [])
    return switch shell {
    case .bash: BashCompletion.script(tree)
    case .zsh: ZshCompletion.script(tree)
    case .fish: FishCompletion.script(tree)
    }
  }
}

/// The shells with completion.
package enum CompletionShell: String, CaseIterable, ConfigurationValue {
  case bash, zsh, fish
}
