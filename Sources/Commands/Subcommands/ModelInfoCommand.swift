import Arguments
import Configuration
import Neural
import Recognition
import TextOutput

struct ModelInfoCommand: Command {
  static let configuration = CommandConfiguration(
    "info", abstract: "Print what a network or a model bundle costs, and what a bundle is.",
    discussion: """
      Lists parameters and multiply-adds by block (by layer with --layers) and in total, for one picture, beside
      Table 7 of the paper Lectern follows, and says where the two differ and why. Trainable parameters are counted, no
      running statistics; multiply-adds are those of convolutions and linear layers, for one picture.

      Without a bundle it takes the network that --network, --layout and --width describe, with six classes. With one it
      reads and checks the folder, and tells its id, labels, layout, bounds, precision, evaluation, where its weights
      come from, and whether it was trained at all.

      --json prints everything as one object, always layer by layer.

        lectern model info
        lectern model info --network vgg16 --layers
        lectern model info /var/lib/lectern/demo/model-untrained
      """)

  @OptionGroup var common: CommonOptions
  @Argument(help: "folder of a model bundle", value: "bundle", completion: .directory) var bundle: String?
  @Option(help: "the network to describe; drsn18 unless given") var network: NetworkChoice?
  @Option(help: "how it reads a face; planes unless given") var layout: ModelManifest.LayoutKind?
  @Option(help: "share of the published channels; 1 unless given") var width: Width?
  @Flag(help: "list every layer instead of blocks") var layers: Bool
  @Flag(help: "print JSON") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    var report: ModelInfoReport
    if let bundle {
      guard network == nil, layout == nil, width == nil else {
        throw UsageError("a bundle says itself what its network is: leave out --network, --layout and --width")
      }
      report = try ModelInfoReport(of: try StoredBundle.load(from: bundle))
    } else {
      report = try ModelInfoReport(
        network: network ?? NetworkChoice(attention: .shrinkage), layout: layout ?? .planes, width: width ?? .full)
    }
    if json { return try environment.console.printLine(json: report) }
    environment.console.print(report.text(everyLayer: layers))
  }
}
