import Foundation
import LearningEvents
import Testing

/// What the types cannot prevent: an id kept as a `String`, or its text compared, which is by canonical equivalence.
@Suite struct IdentifierSourcesTests {
  /// A line that declares a name of an id as text: alone, in a list or set, or as a dictionary's key.
  private static let declaration = """
    \\b(source|sourceID|learnerID|sessionID|courseID|segmentID|segmentHint|externalID|modelID|eventID|clusterID|topics?|\
    (frame|control)Topic)(, [a-z]\\w*)*: ?(\\[|Set<|any )*String\\b
    """
  private static let text = """
    \\b(id|\\w*ID|source|learner|session|course|segment|teacher|topic|\\w*Topic|cluster|header)\\.text\\b
    """
  /// A text that was taken out of an id and is compared, switched over, sorted, or used as a key.
  private static let comparison = """
    \(text)( (==|!=|<|>|~=) | \\{|\\]|\\.(hasPrefix|hasSuffix|contains|sorted))|\
    (==|!=|<|>|~=|switch) ([\\w$]+\\.)*\(text)|Set\\([^)]*\\.text\\b
    """

  private struct Suspicion {
    let declaration: Regex<AnyRegexOutput>
    let comparison: Regex<AnyRegexOutput>

    init() throws {
      // Unless told otherwise, Unicode's word boundaries count, and there is none at the dot of `event.source`.
      declaration = try Regex(IdentifierSourcesTests.declaration).wordBoundaryKind(.simple)
      comparison = try Regex(IdentifierSourcesTests.comparison).wordBoundaryKind(.simple)
    }

    func falls(on line: some StringProtocol) -> Bool {
      let code = String(line.drop { $0 == " " })
      // A comment may speak of either.
      guard !code.hasPrefix("//"), code.contains("String") || code.contains(".text") else { return false }
      return code.contains(declaration) || code.contains(comparison)
    }
  }

  @Test func noIdIsComparedAsText() throws {
    let sources = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: "../../Sources").standardizedFileURL
    let paths = try #require(FileManager.default.enumerator(atPath: sources.path)).compactMap { $0 as? String }
      .filter { $0.hasSuffix(".swift") }
    #expect(paths.count > 300)
    let suspicion = try Suspicion()
    for path in paths {
      let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
      for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        #expect(!suspicion.falls(on: line), "\(path):\(index + 1):\(line)")
      }
    }
  }

  @Test(arguments: [
    "  package var source: String", "  let sessionID: String?", "  private let topics: [String]",
    "    var ids: [String: Int], courseID: String", "  var seen: Set<String> = [], learnerID: String",
    "  func read(topic: String) {", "    if event.source.text == other {",
    "    guard known == frame.learnerID.text else {",
    "    switch ledger.topic.text {", "    found[frame.sessionID.text] = 1",
    "    let all = Set(rows.map(\\.courseID.text))",
    "    return topic.text.hasPrefix(\"a\")",
  ])
  func whatIsLookedForIsFound(_ line: String) throws { #expect(try Suspicion().falls(on: line)) }

  @Test(arguments: [
    "  package var source: SourceID", "    id: ModelID, labels: [String], isTrained: Bool",
    "  /// `source: String` was one once.", "  .texts(sessions.map(\\.source.text)),", "  package let text: String",
    "    eventID: EventID, source: SourceID, courseID: CourseID, title: String,",
  ])
  func whatIsGoodIsNot(_ line: String) throws { #expect(try !Suspicion().falls(on: line)) }
}
