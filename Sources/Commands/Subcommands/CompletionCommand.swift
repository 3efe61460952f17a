import Arguments
import TextOutput

struct CompletionCommand: Command {
  static let configuration = CommandConfiguration(
    "completion", abstract: "Print the completion script of a shell.",
    discussion: """
        bash: source <(lectern completion bash)
        zsh:  lectern completion zsh > "${fpath[1]}/_lectern"
        fish: lectern completion fish > ~/.config/fish/completions/lectern.fish
      """)

  @Argument(help: "bash, zsh or fish") var shell: CompletionShell

  mutating func run(in environment: CommandEnvironment) async throws {
    environment.console.print(Program(Lectern.self, in: environment).completionScript(for: shell))
  }
}
