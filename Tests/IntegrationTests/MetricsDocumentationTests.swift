import Foundation
import TestSupport
import Testing

/// Every metric of the programs stands in docs/metrics.md, and nothing else does.
@Suite struct MetricsDocumentationTests {
  /// A metric of the page's table or of the source: its name, kind and the names of its labels.
  struct Entry: Hashable, CustomStringConvertible {
    let name, kind: String
    let labels: Set<String>
    var description: String { "\(kind) \(name) with the labels \(labels.sorted())" }
  }

  /// What the sources register. Kind, name and labels always stand in one call, the names as literals.
  static func registered() throws -> Set<Entry> {
    let sources = TestTools.root.appending(path: "Sources")
    let files = try #require(FileManager.default.enumerator(atPath: sources.path))
    var found: Set<Entry> = []
    for case let path as String in files where path.hasSuffix(".swift") {
      let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
      for match in text.matches(of: #/\.(counter|gauge|histogram)\(\s*"((?:lectern|process)_[a-z0-9_]+)"/#) {
        let call = text[match.range.lowerBound..<text.end(ofParenthesisAfter: match.output.2.endIndex)]
        let labels = call.firstMatch(of: #/labels: \[([^\]]*)\]/#)?.output.1.matches(of: #/"([a-z_]+)":/#) ?? []
        found.insert(
          Entry(
            name: String(match.output.2), kind: String(match.output.1),
            labels: Set(labels.map { String($0.output.1) })))
      }
    }
    return found
  }

  static func documented() throws -> [Entry] {
    let page = try String(contentsOf: TestTools.root.appending(path: "docs/metrics.md"), encoding: .utf8)
    return page.split(separator: "\n").compactMap { line in
      line.prefixMatch(of: #/\| `((?:lectern|process)_[a-z0-9_]+)(?:\{([^`]*)\})?` \| (counter|gauge|histogram) \|/#)
        .map {
          let labels = ($0.output.2 ?? "").split(separator: ",").map(String.init)
          return Entry(name: String($0.output.1), kind: String($0.output.3), labels: Set(labels))
        }
    }
  }

  @Test func thePageAndTheProgramsNameTheSame() throws {
    let registered = try Self.registered()
    let documented = try Self.documented()
    #expect(registered.count >= 20 && registered.count { !$0.labels.isEmpty } >= 10)
    #expect(Set(documented).count == documented.count)
    for entry in registered.subtracting(documented) { Issue.record("docs/metrics.md lacks \(entry)") }
    for entry in Set(documented).subtracting(registered) {
      Issue.record("docs/metrics.md names \(entry), which is none")
    }
  }

  @Test func namesFollowTheConventions() throws {
    for entry in try Self.registered() {
      #expect(entry.name.hasSuffix("_total") == (entry.kind == "counter"), "\(entry)")
      #expect(
        entry.kind != "histogram" || entry.name.hasSuffix("_seconds") || entry.name.hasSuffix("_bytes"), "\(entry)")
    }
  }
}
