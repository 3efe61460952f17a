import Arguments
import Configuration
import Files
import PlainText
import TextOutput
import Training

struct DatasetStatsCommand: Command {
  static let configuration = CommandConfiguration(
    "stats", abstract: "Count what is in a data set.",
    discussion: """
      Faces and people by label, what was left out and why, what the faces are like, and the parts of each split. --check
      reads every face, too, and compares it with the hash that the set was made with.
      """)

  @Argument(help: "folder of the set", value: "folder", completion: .directory) var folder: FilePath
  @Flag(help: "read every face and compare its hash") var check: Bool
  @OptionGroup var common: CommonOptions
  @Flag(help: "print as JSON") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(self, in: environment, servers: [])
    let set = try Dataset.open(folder)
    let splits = try set.splitNames().map { try DatasetSplit.open($0, of: set) }
    if check { try set.checkFaces() }
    let summary = DatasetSummary(set)
    if json { return try context.console.printLine(json: summary) }
    context.console.print(summary.text)
    for split in splits { context.console.print("\nsplit \(split.name)\n\(summary.text(of: split))") }
    if check { context.console.print("\nall \(set.faces.count) faces are as they were written\n") }
  }
}
