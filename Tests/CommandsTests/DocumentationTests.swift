import Foundation
import Ingest
import KafkaIO
import LearningEvents
import Testing

/// What the documentation says of the program is what the program says of itself.
@Suite("Documentation")
struct DocumentationTests {
  private func text(_ path: String) throws -> String {
    try String(contentsOf: repository.appending(path: path), encoding: .utf8)
  }

  private func output(_ arguments: [String]) async throws -> String {
    let run = await CommandLineRun(arguments)
    try #require(run.code == 0)
    return run.output
  }

  @Test func theTableOfKeysIsTheProgramsOwn() async throws {
    let page = try text("docs/configuration.md")
    let begin = try #require(page.firstRange(of: "<!-- keys: begin -->\n"))
    let end = try #require(page.firstRange(of: "<!-- keys: end -->"))
    #expect(String(page[begin.upperBound..<end.lowerBound]) == (try await output(["config", "--markdown"])))
  }

  @Test func everyCommandThePagesNameExists() async throws {
    let commands = Self.entries(in: try await output(["--help"]))
    #expect(commands.contains("demo"))
    var subcommands: [String: Set<String>] = [:]
    for page in try pages() {
      for (words, _) in Self.invocations(in: try text(page)) {
        guard commands.contains(words[0]) else {
          Issue.record("\(page) names 'lectern \(words[0])', which is no command")
          continue
        }
        if subcommands[words[0]] == nil {
          let help = try await output([words[0], "--help"])
          subcommands[words[0]] = help.contains("\nSubcommands:\n") ? Self.entries(in: help) : []
        }
        guard let known = subcommands[words[0]], !known.isEmpty, words.count > 1 else { continue }
        #expect(known.contains(words[1]), "\(page) names 'lectern \(words[0]) \(words[1])'")
      }
    }
  }

  /// Options too: of the command that they stand behind, and of any where they stand alone.
  @Test func everyOptionThePagesNameExists() async throws {
    var known: [[String]: Set<String>] = [:]
    var waiting = [[String]()]
    while !waiting.isEmpty {
      let path = waiting.removeFirst()
      let help = try await output(path + ["--help"])
      known[path] = Set(help.matches(of: #/(?m)^  (?:-[a-z], )?(--[a-z][a-z-]*)/#).map { String($0.output.1) })
      waiting += CommandNames.below(help).map { path + [$0] }
    }
    let all = known.values.reduce(into: Set()) { $0.formUnion($1) }
    #expect(all.contains("--database-only"))
    var count = 0
    for page in try pages() + ["ops/prometheus/alerts.yml"] {
      let text = try text(page)
      for (words, options) in Self.invocations(in: text) {
        let command = Array(words.prefix(known[Array(words.prefix(2))] == nil ? 1 : 2))
        for option in options where known[command]?.contains(option) != true {
          Issue.record("\(page) names 'lectern \(command.joined(separator: " ")) \(option)'")
        }
        count += options.count
      }
      // Decisions speak of other programs' options, too.
      guard !page.hasPrefix("docs/decisions/") else { continue }
      for span in text.matches(of: #/`(--[a-z][a-z-]*)(?: [^`\n]*)?`/#) where !all.contains(String(span.output.1)) {
        Issue.record("\(page) names \(span.output.1), which no command has")
      }
    }
    #expect(count >= 40)
  }

  /// Pictures are in Kafka for as long as its topic keeps them, so nothing may say that they are nowhere.
  @Test func nothingClaimsThatPicturesAreStoredNowhere() throws {
    var texts = try pages().filter { !$0.hasPrefix("docs/decisions/") }
    let sources = try #require(FileManager.default.enumerator(atPath: repository.appending(path: "Sources").path))
    texts += sources.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.map { "Sources/\($0)" }
    for path in texts {
      let words = try text(path).split { $0.isWhitespace || $0 == "\\" }.joined(separator: " ")
      let claims = words.matches(of: #/(?i)(?:frames|pictures|images) (?:are|is) (?:never|not) (?:stored|kept)/#)
      #expect(claims.isEmpty, "\(path): \(claims.map { String($0.output) })")
    }
  }

  /// What operators are told to set is what the program and its doctor recommend.
  @Test func thePagesMakeTopicsAsTheDoctorRecommends() throws {
    let (frames, control) = (TopicSettings.recommendedForFrames, TopicSettings.recommendedForControl)
    for page in ["README.md", "docs/operations.md"] {
      let words = try text(page)
      for (name, value) in frames.merging(control, uniquingKeysWith: { frames, _ in frames }) {
        #expect(words.contains("--config \(name)=\(value)"), "\(page): \(name)=\(value)")
      }
      #expect(words.contains("--config retention.ms=\(control["retention.ms", default: ""])"), "\(page)")
    }
    let interface = try text("docs/events/asyncapi.json")
    for settings in [frames, control] {
      let retention = settings["retention.ms", default: ""]
      #expect(interface.contains(#""retention.ms": \#(retention)"#), "\(retention)")
    }
  }

  /// An LMS's developers read of every code that a frame of theirs may get, and of the window for frames.
  @Test func theEventsPageNamesEveryReject() throws {
    let page = try text("docs/events/README.md")
    for code in RejectCode.allCases { #expect(page.contains("`\(code.rawValue)`"), "docs/events lacks \(code)") }
    #expect(page.contains("more than \(FrameWindow().past) days before") && FrameWindow().future == 1)
  }

  @Test func linksToFilesLeadSomewhere() throws {
    for page in try pages() {
      let folder = repository.appending(path: page).deletingLastPathComponent()
      let text = try text(page)
      let targets =
        text.matches(of: #/\]\(([^)\s]+)\)/#).map(\.output.1)
        + text.matches(of: #/(?:src|srcset)="([^"]+)"/#).map(\.output.1)
      for target in targets where !target.contains("://") && !target.hasPrefix("#") && !target.hasPrefix("mailto:") {
        let file = folder.appending(path: target.prefix { $0 != "#" })
        #expect(FileManager.default.fileExists(atPath: file.path), "\(page) links to \(target)")
      }
    }
  }

  @Test func theFilesThatTheArchitecturesPictureNamesExist() throws {
    let picture = try text("docs/images/architecture.svg")
    let names = picture.matches(of: #/class="file"[^>]*>([^<]+)</#).map { String($0.output.1) }
    #expect(names.count >= 20)
    var files: Set<[UInt8]> = []
    for folder in ["Sources", "migrations"] {
      let below = try #require(FileManager.default.enumerator(atPath: repository.appending(path: folder).path))
      for path in below.compactMap({ $0 as? String }) {
        files.insert(Array(URL(filePath: path).lastPathComponent.utf8))
      }
    }
    for name in names {
      let file = name.contains(".") ? name : "\(name).swift"
      #expect(files.contains(Array(file.utf8)), "the picture names \(file)")
    }
  }

  /// The Markdown pages of the repository.
  private func pages() throws -> [String] {
    let docs = try #require(FileManager.default.enumerator(atPath: repository.appending(path: "docs").path))
    let below = docs.compactMap { $0 as? String }.filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }
    #expect(below.count >= 10)
    return ["README.md", "CONTRIBUTING.md"] + below.sorted()
  }

  /// The names that help lists: two blanks before, blanks and a sentence after.
  private static func entries(in help: String) -> Set<String> {
    Set(
      help.split(separator: "\n").compactMap {
        $0.prefixMatch(of: #/  ([a-z][a-z-]*) {2,}\S/#).map { String($0.output.1) }
      })
  }

  /// The words after `lectern` in code, and the options up to the line's or the command's end: between backquotes or
  /// quotes, and in indented blocks.
  private static func invocations(in page: String) -> [(words: [String], options: [String])] {
    let spans = page.matches(of: #/`([^`\n]+)`|'(lectern [^']+)'/#).map { match in
      String(match.output.1 ?? match.output.2 ?? "").replacing(#/\s+/#, with: " ")
    }
    let blocks = page.split(separator: "\n").filter { $0.hasPrefix("    ") && !$0.contains("──") }.map(String.init)
    return (spans + blocks).flatMap { code in
      code.matches(of: #/(?:^|[\s/('])lectern((?: [a-z][a-z-]*)+)([^|;&>']*)/#).map { match in
        (
          match.output.1.split(separator: " ").map(String.init),
          match.output.2.matches(of: #/\s(--[a-z][a-z-]*)/#).map { String($0.output.1) }
        )
      }
    }
  }
}
