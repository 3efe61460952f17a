import Arguments
import Configuration
import Files
import ImageIO
import LearningEvents
import Processes
import Recognition
import TextOutput
import Training

struct DatasetSynthesizeCommand: Command {
  static let configuration = CommandConfiguration(
    "synthesize", abstract: "Make a data set of drawn faces.",
    discussion: """
      Draws made-up people who show the six learning emotions after Table 1 of the paper, finds their faces as a worker
      does, and writes a set as 'lectern dataset import' would. It is for tests, for the demo and for trying the commands:
      nothing that is measured on it says anything about people, and everything that shows such a figure says so.

      --images is dealt out in the proportions of the paper's classes; without it, 2027 pictures, as the paper prints. The
      same options give the same set. --nuisance says how bad the rooms are, from 0 to 1 each: a word (none, room, bad) or
      strengths, such as none,blur=1.
      """)

  @Option(help: "folder to write; must not exist or be empty", value: "folder", completion: .directory) var out:
    FilePath
  @Option(help: "made-up people") var subjects: Int = 100
  @Option(help: "pictures in all; as many as the paper had of each emotion unless given") var images: Int?
  @Option(help: "draws people and pictures") var seed: Int = 1
  @Option(help: "how bad light, camera, pose and rooms are") var nuisance: Nuisance = .room
  @Option(help: "name of the set; its folder's unless given", value: "text") var name: String?
  @Option(key: Keys.cascade, group: "Recognition", completion: .file) var cascade: ConfigurationPath?
  @OptionGroup var common: CommonOptions
  @Flag(help: "print the summary as JSON") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(self, in: environment, servers: [])
    guard seed >= 0 else { throw UsageError("--seed is a whole number from 0") }
    guard (1...100_000).contains(subjects) else { throw UsageError("--subjects is from 1 to 100000") }
    guard images.map((6...1_000_000).contains) ?? true else { throw UsageError("--images is from 6 to 1000000") }
    let plan = SyntheticPlan(
      subjects: SyntheticSubjects(seed: UInt64(seed), count: subjects),
      counts: images.map(SyntheticPlan.counts(of:)) ?? SyntheticPlan.printedCounts, nuisance: nuisance)
    let streams = context.environment.resources.cores
    let work = DatasetSynthesis(
      plan, encoder: PNGEncoder(),
      finder: try RecognizerFactory(streams: streams, cascadePath: context.settings.optional(Keys.cascade)?.path)
        .faceFinder(),
      streams: streams)
    let progress = context.progress(total: plan.counts.reduce(0, +))
    let (out, name) = (out, name ?? DatasetReport.name(of: out))
    let summary = try await context.interruptible(grace: .seconds(5)) {
      try await work.run(into: out, name: name) { progress.update(done: $0, note: "drawn") }
    }
    progress.finish()
    context.console.note("SYNTHETIC: nothing measured on this set says anything about people\n")
    let report = DatasetReport(summary, out: out)
    if json { try context.console.printLine(json: report) } else { context.console.print(report.text) }
  }
}

extension Nuisance: ConfigurationValue {
  package init?(configurationText text: String) { self.init(text) }

  package var configurationText: String { self == .room ? "room" : text }
  package static var configurationExpectation: String {
    "none, room, bad or a strength from 0 to 1, then \(Kind.allCases.map(\.rawValue).joined(separator: ", ")) "
      + "like none,blur=1"
  }
}
