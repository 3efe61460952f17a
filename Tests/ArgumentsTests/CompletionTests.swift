import Arguments
import ArgumentsTestSupport
import Foundation
import Processes
import Testing

@Suite struct CompletionTests {
  private let launcher = ProcessLauncher()

  private func script(_ shell: CompletionShell) -> String {
    Program(Root.self, in: MemoryConsole().environment).completionScript(for: shell)
  }

  /// Gives a script to a shell, behind the arguments.
  private func run(_ shell: String, _ arguments: [String], _ script: String) async throws -> ProcessResult {
    let file = FileManager.default.temporaryDirectory.appending(path: "lectern-\(UUID().uuidString)")
    try Data(script.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try await launcher.run(ChildCommand(shell, arguments + [file.path]), deadline: .seconds(30))
  }

  private static func has(_ shell: String) -> Bool {
    ["/bin", "/usr/bin", "/usr/local/bin"].contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(shell)") }
  }

  /// What bash offers for a line, split into words as bash splits it.
  private func offers(_ words: String...) async throws -> [String] {
    let list = words.map { "'\($0)'" }.joined(separator: " ")
    let driver = """
      \(script(.bash))
      cd /usr
      COMP_WORDS=(\(list)); COMP_CWORD=\(words.count - 1)
      _lectern_complete
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let result = try await run("bash", [], driver)
    #expect(result.status.isSuccess && result.errorText == "")
    return result.outputText.split(separator: "\n").map(String.init).sorted()
  }

  @Test func bashAcceptsTheScript() async throws {
    let result = try await run("bash", ["-n"], script(.bash))
    #expect(result.status.isSuccess, "\(result.errorText)")
  }

  @Test func bashCompletes() async throws {
    #expect(try await offers("lectern", "") == ["model", "publish"])
    #expect(try await offers("lectern", "pub") == ["publish"])
    #expect(try await offers("lectern", "model", "") == ["info", "train"])
    #expect(try await offers("lectern", "publish", "--d") == ["--data-dir", "--dry-run", "--duration"])
    #expect(try await offers("lectern", "publish", "--mode", "") == ["fast", "slow"])
    #expect(try await offers("lectern", "publish", "--mode", "=", "s") == ["slow"])
    #expect(try await offers("lectern", "publish", "--mode", "=") == ["fast", "slow"])
    #expect(try await offers("lectern", "publish", "--rate", "").isEmpty)
    #expect(try await offers("lectern", "publish", "--data-dir", "bi") == ["bin"])
    #expect(try await offers("lectern", "publish", "bi") == ["bin"])
    #expect(try await offers("lectern", "model", "train", "f") == ["fast"])
    #expect(try await offers("lectern", "model", "info", "").isEmpty)
  }

  @Test(.enabled(if: CompletionTests.has("zsh"), "zsh is not installed"))
  func zshAcceptsTheScript() async throws {
    let result = try await run("zsh", ["-n"], script(.zsh))
    #expect(result.status.isSuccess, "\(result.errorText)")
  }

  @Test(.enabled(if: CompletionTests.has("fish"), "fish is not installed"))
  func fishCompletes() async throws {
    let result = try await run("fish", ["--no-execute"], script(.fish))
    #expect(result.status.isSuccess, "\(result.errorText)")
    for (line, expected) in [
      ("lectern ", ["model", "publish"]), ("lectern model tr", ["train"]),
      ("lectern publish --mode ", ["fast", "slow"]), ("lectern publish --rate ", []), ("lectern model info ", []),
      ("lectern publish /etc/os-rel", ["/etc/os-release"]), ("lectern publish --dur", ["--duration"]),
    ] {
      let driver = script(.fish) + "\ncomplete -C '\(line)'\n"
      let answer = try await run("fish", [], driver)
      #expect(answer.status.isSuccess, "\(answer.errorText)")
      let offered = answer.outputText
      #expect(offered.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }.sorted() == expected)
    }
  }
}
