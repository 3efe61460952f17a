import Foundation
import KafkaIO
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
      for words in Self.invocations(in: try text(page)) {
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

  /// The words after `lectern` in code: between backquotes, and in indented blocks.
  private static func invocations(in page: String) -> [[String]] {
    let spans = page.matches(of: #/`([^`\n]+)`/#).map(\.output.1)
    let blocks = page.split(separator: "\n").filter { $0.hasPrefix("    ") && !$0.contains("──") }
    return (spans + blocks).flatMap { code in
      code.matches(of: #/(?:^|[\s/(])lectern((?: [a-z][a-z-]*)+)/#).map {
        $0.output.1.split(separator: " ").map(String.init)
      }
    }
  }
}
