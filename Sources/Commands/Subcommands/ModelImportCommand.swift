import Arguments
import Configuration
import Foundation
import Neural
import Processes
import Recognition
import Synchronization
import TextOutput
import Training
import Vision

struct ModelImportCommand: Command {
  static let configuration = CommandConfiguration(
    "import", abstract: "Make a model to train from published ImageNet weights.",
    discussion: """
      Takes the weights of VGG16 and ResNet-18 that torchvision or timm publish, as safetensors files, and writes a
      bundle folder: VGG16's convolutions as the feature network, ResNet-18's layers as the trunk of --network. Layers
      that ImageNet's networks do not have are new: fc for the six emotions, and the attention of resnet18-se or drsn18
      (whose thresholds start small, with a bias of -2, and so spare what the trunk has learned). They are drawn from
      --seed. Feature bounds, planes and the statistics of new batch norms are measured on drawn faces; imported
      statistics are kept.

      The model knows ImageNet and nothing of emotions: it must be trained before its numbers mean anything. It is
      marked so, and everything that shows its answers says it.

      Which files a layout needs:
        planes   --vgg16 and --resnet18
        image    --resnet18
        grid     --vgg16 (the network behind it is of a shape of its own, and all new)

      Where the files come from: Python packages torchvision and timm fetch published weights, and the safetensors
      package saves them. On a machine with access to them:

        python3 -c "import torchvision.models as m, safetensors.torch as s; \\
          s.save_file(m.vgg16(weights='IMAGENET1K_V1').state_dict(), 'vgg16.safetensors'); \\
          s.save_file(m.resnet18(weights='IMAGENET1K_V1').state_dict(), 'resnet18.safetensors')"

      timm's files of vgg16 and resnet18 in safetensors form are taken as they are. Tensors may be F32, F16, BF16 or
      F64; whatever they are, the bundle holds F32. The classifiers for ImageNet's 1000 classes are left out. A file with
      a tensor missing, too many or of another shape is refused by that tensor's name, so that vgg16_bn, resnet34 or
      resnet18d never pass for what they are not. PyTorch's own .pth files are pickles, which can run any code: they are
      refused, with the line that converts one you trust.

      The weights' licences are their publishers'. The files' SHA-256 and naming scheme are kept in the bundle.
      """)

  @Option(long: "vgg16", help: "safetensors file with VGG16's weights", value: "file", completion: .file)
  var featureFile: String?
  @Option(long: "resnet18", help: "safetensors file with ResNet-18's weights", value: "file", completion: .file)
  var trunkFile: String?
  @Option(help: "the network to make") var network: Attention = .shrinkage
  @Option(help: "how it reads a face") var layout: ModelManifest.LayoutKind = .planes
  @Option(help: "block normalisation of HOG; unused by layout image")
  var hog: HistogramOfGradients.Normalization = .max
  @Option(help: "draws all that is new, and the faces that are measured") var seed: Int = 1
  @Option(help: "folder to write; must not exist or be empty", value: "folder", completion: .directory) var out: String
  @Option(key: Keys.cascade, group: "Recognition", completion: .file) var cascade: ConfigurationPath?
  @OptionGroup var common: CommonOptions
  @Flag(help: "print the summary as JSON, every new parameter listed") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    guard seed >= 0 else { throw UsageError("--seed is a whole number from 0") }
    let context = try CommandContext(self, in: environment, servers: [])
    var files: [PretrainedNetwork: String] = [:]
    files[.vgg16] = featureFile
    files[.resnet18] = trunkFile
    let plan: PretrainedImport
    do throws(ImportError) {
      plan = try PretrainedImport(
        files: files, attention: network, layout: layout, hogNormalization: hog, seed: UInt64(seed))
    } catch {
      throw UsageError(error.description)
    }
    let target = URL(fileURLWithPath: out).standardizedFileURL.path
    if let names = try? FileManager.default.contentsOfDirectory(atPath: target), !names.isEmpty {
      throw UsageError("--out \(out) is not empty: name a folder that does not exist")
    }
    let maker = try RecognizerFactory(
      streams: context.environment.resources.cores, cascadePath: context.settings.optional(Keys.cascade)?.path
    ).bundleMaker()
    let result = try await context.interruptible(grace: .seconds(1)) {
      let stages = StageProgress(context)
      defer { stages.finish() }
      return try await plan.run(maker: maker) { stages.update($0) }
    }
    // Once begun, writing is ended: it takes a second, and leaves a whole folder or none.
    let stored = try await context.interruptible(grace: .seconds(60)) { try result.bundle.save(to: target) }
    let report = ModelImportReport(result, stored: stored, seed: seed)
    if json { return try context.console.printLine(json: report) }
    context.console.print(report.text)
  }
}

/// A bar for each stage of making a bundle, on stderr where that is a terminal; a line each elsewhere.
private final class StageProgress: Sendable {
  private struct State {
    var stage = ""
    var line: ProgressLine?
  }

  private let context: CommandContext
  private let state = Mutex(State())

  init(_ context: CommandContext) { self.context = context }

  func update(_ progress: BundleMaker.Progress) {
    let line = state.withLock { state in
      if state.stage != progress.stage {
        state.line?.finish()
        state.stage = progress.stage
        state.line = context.progress(total: progress.total)
        if !context.console.errors.isTerminal { context.console.note("\(progress.stage.lowercasedFirst)\n") }
      }
      return state.line
    }
    line?.update(done: progress.completed, note: progress.stage.lowercasedFirst)
  }

  func finish() { state.withLock { $0.line?.finish() } }
}

extension String {
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
