import Foundation
import TestSupport
import Testing

/// docs/reliability.md names tests; each of them exists.
@Suite("Reliability page")
struct ReliabilityPageTests {
  @Test func everyTestThePageNamesExists() throws {
    let page = try String(contentsOf: TestTools.root.appending(path: "docs/reliability.md"), encoding: .utf8)
    let named = page.matches(of: #/`([A-Z]\w+)\.([a-z]\w+)`/#).map { (suite: $0.output.1, test: $0.output.2) }
    #expect(named.count >= 30)
    var sources: [String] = []
    let tests = TestTools.root.appending(path: "Tests")
    let files = try #require(FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil))
    for case let file as URL in files where file.pathExtension == "swift" {
      sources.append(try String(contentsOf: file, encoding: .utf8))
    }
    for (suite, test) in named {
      let isThere = sources.contains { source in
        source.contains("struct \(suite) {") && source.contains(" func \(test)(")
      }
      #expect(isThere, "there is no \(suite).\(test)")
    }
  }
}
