import ArgumentsTestSupport
import Commands
import Foundation
import Testing

/// A command line run in memory: what it left.
struct CommandLineRun {
  let code: Int32
  let output: String
  let errors: String

  init(_ words: [String], variables: [String: String] = [:], terminal: (columns: Int, rows: Int)? = nil) async {
    let console = MemoryConsole(variables: variables, terminal: terminal)
    code = await LecternProgram.run(words, in: console.environment)
    (output, errors) = (console.output.text, console.errors.text)
  }

  init(_ words: String..., variables: [String: String] = [:]) async { await self.init(words, variables: variables) }
}

/// The repository, also where the tests are built through a link to it.
let repository = URL(filePath: #filePath).resolvingSymlinksInPath()
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// Compares a text with a file of `Expected/`. Where they differ, what came is written beside the system's temporary
/// files, to be looked at and, if it is what is wanted now, copied.
func expect(_ text: String, equals name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
  let file = repository.appending(path: "Tests/CommandsTests/Expected/\(name)")
  let expected = try? String(contentsOf: file, encoding: .utf8)
  guard text != expected else { return }
  let actual = FileManager.default.temporaryDirectory.appending(path: name)
  try Data(text.utf8).write(to: actual)
  Issue.record("not \(name) of Expected: diff \(file.path) \(actual.path)", sourceLocation: sourceLocation)
}

/// Runs a body with a folder that is gone afterwards.
func withFolder(_ body: (String) async throws -> Void) async throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try await body(folder)
}
