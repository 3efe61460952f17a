import Arguments
import Configuration
import LearningEvents
import Recognition
import TextOutput

/// Which model looks at pictures, for commands that do without servers.
struct InspectionOptions: ArgumentGroup {
  @Option(key: Keys.bundle, long: "model", group: "Recognition", completion: .directory) var model: ConfigurationPath?
  @Flag(help: "use the demo's untrained network, made once; it knows nothing of faces", group: "Recognition")
  var untrained: Bool
  @Option(
    help: "where the face is, as x,y,width,height in pixels, as an event's ce_facebox; used when it is plausible",
    value: "box", group: "Recognition") var faceBox: FaceBox?
  @Option(key: Keys.streams, group: "Recognition") var streams: Int?
  @Option(key: Keys.streamThreads, long: "threads", group: "Recognition") var threads: Int?
  @Option(key: Keys.cascade, group: "Recognition", completion: .file) var cascade: ConfigurationPath?
  @OptionGroup var common: CommonOptions

  /// What a person reads beside every answer of an untrained model.
  static let notice = "the network is untrained: this says nothing about anyone"

  /// The configured bundle; with `--untrained` the demo's, made where it is missing.
  func bundle(_ context: CommandContext) async throws -> StoredBundle {
    guard untrained else {
      guard context.settings.optional(Keys.bundle) != nil else {
        throw ConfigurationError(
          key: Keys.bundle.name, problem: "no model is named",
          remedy: "give --model FOLDER with a model bundle, or --untrained to try the command with a network that "
            + "knows nothing")
      }
      return try context.bundle()
    }
    guard model == nil else { throw UsageError("--model and --untrained exclude each other") }
    let folder = DemoFolder(path: DemoFolder.standard(context.environment))
    if !StoredBundle.exists(in: folder.model) {
      context.console.note(
        "making an untrained network of full size in \(folder.model), once; it knows nothing of faces\n")
      try folder.create()
    }
    let stored = try await context.recognizerFactory.untrainedBundle(in: folder.model, seed: 1)
    try context.requirePinnedModel(stored)
    return stored
  }
}

extension FaceBox: ConfigurationValue {
  package init?(configurationText text: String) {
    guard let box = Array(text.utf8).withUnsafeBytes(FaceBox.init(attribute:)) else { return nil }
    self = box
  }

  package var configurationText: String { attribute }
  package static var configurationExpectation: String { "x,y,width,height in whole pixels, like 120,80,200,220" }
}
