import Configuration
import Files
import Foundation
import TextOutput

/// Runs command lines against a root command.
package struct Program {
  private let root: any Command.Type
  private let environment: CommandEnvironment

  /// Help and version go to the console's output, errors to its error output.
  package init(_ root: any Command.Type, in environment: CommandEnvironment) {
    (self.root, self.environment) = (root, environment)
  }

  /// Parses the words after the program's name, runs the command and returns the exit code: 0, 64 for a wrong command
  /// line, 78 for a refused configuration, 1 for any other error unless it is an `ErrorWithExitCode`, or what the
  /// command threw as `ExitCode`. Data that could not be written makes a 0 a 1, or, where the reader of a pipe has
  /// gone, a 141, without a word, as SIGPIPE would.
  package func run(_ words: [CommandWord]) async -> Int32 {
    let code = await outcome(of: words)
    guard let failure = environment.console.outputFailure else { return code }
    let isClosedPipe = failure.code == EPIPE
    if !isClosedPipe { environment.console.note("error: the output is not whole: \(failure)\n") }
    // The verdict of a command that has failed stays its own.
    guard code == 0 else { return code }
    return (isClosedPipe ? ExitCode.closedPipe : .failure).code
  }

  private func outcome(of words: [CommandWord]) async -> Int32 {
    var parser = CommandParser(root: root)
    let console = environment.console
    do {
      switch try parser.parse(words) {
      case .help: console.print(HelpText(path: parser.path).text)
      case .version(let version): console.print(version + "\n")
      case .run(var command): try await command.run(in: environment)
      }
      return 0
    } catch let code as ExitCode {
      return code.code
    } catch is OutputAbandoned {
      // Where something could not be written, `outputFailure` says why.
      return console.outputFailure == nil ? ExitCode.closedPipe.code : 0
    } catch let error as any AbandonableOutputError where error.isAbandoned {
      return ExitCode.closedPipe.code
    } catch is HelpRequest {
      console.note(HelpText(path: parser.path).text)
      return ExitCode.usage.code
    } catch let error as UsageError {
      let words = parser.path.map { $0.configuration.name }.joined(separator: " ")
      console.note("error: \(error)\nsee '\(words) --help'\n")
      return ExitCode.usage.code
    } catch let errors as ConfigurationErrors {
      for error in errors.errors { console.note("error: \(error)\n") }
      return ExitCode.configuration.code
    } catch let error as ConfigurationError {
      console.note("error: \(error)\n")
      return ExitCode.configuration.code
    } catch {
      console.note("error: \(UnforeseenError.text(error))\n")
      return (error as? any ErrorWithExitCode)?.exitCode.code ?? ExitCode.failure.code
    }
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
