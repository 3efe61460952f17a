import Processes
import Testing

@Suite struct ManyChildrenTests {
  /// Output whose end and whose child's end come together, many times over: reading it with Dispatch sources crashed.
  @Test func manyShortChildrenAreReadToTheirEnd() async throws {
    let launcher = ProcessLauncher()
    let texts = try await withThrowingTaskGroup(of: [String].self) { group in
      for lane in 0..<4 {
        group.addTask {
          var texts: [String] = []
          for number in 0..<100 {
            let command = ChildCommand("/bin/echo", ["\(lane)-\(number)"])
            texts.append(try await launcher.run(command, deadline: .seconds(60)).outputText)
          }
          return texts
        }
      }
      return try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
    }
    #expect(texts.count == 400)
    #expect(texts.contains("3-99\n"))
  }
}
