import Arguments
import Configuration
import Files
import PlainText
import TextOutput
import Training

struct DatasetSplitCommand: Command {
  static let configuration = CommandConfiguration(
    "split", abstract: "Divide a data set into parts to train, validate and test on.",
    discussion: """
      Writes splits/NAME.json and splits/NAME.csv into the set's folder: for each round the part of each face. People are
      kept apart: all faces of a person are in one part. Labels are spread as alike over the parts as people allow. The
      same set, options and seed give the same parts.

        --validation 0.15 --test 0.15   one round of three parts; this is the default
        --folds 5                       five rounds: each fold tests once, the next one validates, the others train
        --paper-protocol                ten random rounds of four fifths to train and one to test, as in Table 3 of the
                                        paper: the same people are in both, so what is measured on it leaks, and is marked
      """)

  @Argument(help: "folder of the set", value: "folder", completion: .directory) var folder: FilePath
  @Option(help: "name of the split: lower-case letters, digits and hyphens", value: "name") var name: String
  @Option(help: "share of validation", value: "share") var validation: Double = 0.15
  @Option(help: "share of test", value: "share") var test: Double = 0.15
  @Option(help: "rounds, each with another fold to test on") var folds: Int?
  @Flag(help: "the paper's random rounds, which leak") var paperProtocol: Bool
  @Option(help: "draws the order in which people are dealt out") var seed: Int = 1
  @OptionGroup var common: CommonOptions

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(self, in: environment, servers: [])
    guard seed >= 0 else { throw UsageError("--seed is a whole number from 0") }
    guard folds == nil || !paperProtocol else { throw UsageError("--folds and --paper-protocol exclude each other") }
    let set = try Dataset.open(folder)
    let method: DatasetSplit.Method =
      paperProtocol
      ? .paperProtocol(rounds: 10) : folds.map { .folds($0) } ?? .subjects(validation: validation, test: test)
    let split = try DatasetSplit(set, name: name, method: method, seed: UInt64(seed))
    try split.save(in: set)
    context.console.print(DatasetSummary(set).text(of: split))
    if split.leaks {
      context.console.note(
        "the same people may be in several parts: what is measured on this split is too good, and says so\n")
    }
  }
}
