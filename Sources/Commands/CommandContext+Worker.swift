import Arguments
import Configuration
import Foundation
import ImageIO
import Ingest
import IsolatedDecoding
import LearningEvents
import Persistence
import Processes
import Recognition
import Services
import Telemetry

/// What a worker is put together from as configured: bundle, recognition, Kafka and PostgreSQL.
extension CommandContext {
  /// The keys a worker needs.
  static let workerKeys: [any AnyConfigurationKey] = [
    Keys.bootstrapServers, Keys.postgresURL, Keys.pseudonymSecret, Keys.bundle, Keys.region, Keys.purpose,
  ]

  /// The configured bundle; an invalid one, or another than the configured model, is a refused configuration.
  func bundle() throws -> StoredBundle {
    let folder = settings[Keys.bundle].path
    do {
      let stored = try StoredBundle.load(from: folder)
      try requirePinnedModel(stored)
      return stored
    } catch let error as BundleError {
      throw ConfigurationError(
        key: Keys.bundle.name, value: folder, place: "\(settings.origin(of: Keys.bundle))",
        problem: error.message, remedy: "name a folder with a model bundle; 'lectern demo' makes an untrained one")
    }
  }

  /// Whatever recognises is the model that the configuration pins, if it pins one.
  func requirePinnedModel(_ stored: StoredBundle) throws(ConfigurationError) {
    guard let pinned = settings.optional(Keys.modelID), ModelID(pinned) != stored.id else { return }
    throw ConfigurationError(
      key: Keys.modelID.name, value: pinned, place: "\(settings.origin(of: Keys.modelID))",
      problem: "the bundle \(stored.folder) is another model, \(stored.id.text)",
      remedy: "name the folder of the model that is meant with \(Keys.bundle.name), or change the id")
  }

  /// Only models of the six learning emotions have a place in the database.
  private func requireLearningEmotions(_ stored: StoredBundle) throws(ConfigurationError) {
    let labels = stored.bundle.manifest.labelSet
    guard labels != .learningEmotions else { return }
    throw ConfigurationError(
      key: Keys.bundle.name, value: stored.folder, place: "\(settings.origin(of: Keys.bundle))",
      problem:
        "the model's labels are those of label_set \(labels.name), and a worker stores the six learning emotions",
      remedy: "name a model with label_set \(LabelSet.learningEmotions.name); 'lectern classify --model' shows what "
        + "this one answers")
  }

  /// The worker of a loaded bundle, and a function that returns why it is not ready.
  func worker(
    _ stored: StoredBundle, clusterID: ClusterID? = nil
  ) async throws -> (worker: any Service, problems: @Sendable () -> [String]) {
    let decoder = decoder()
    let recognizer = try await recognizer(stored, decoder: decoder)
    var parts = try parts(stored, recognizer, as: "worker")
    if let clusterID { parts.settings.clusterID = clusterID }
    let worker = IngestWorker(parts)
    let health = worker.health
    let ending = DecodingWorker(worker: worker, decoder: decoder, grace: settings[Keys.shutdownGrace])
    return (ending, { health.problems + (decoder.problem.map { ["frames wait for a decoder: \($0)"] } ?? []) })
  }

  /// What a worker is put together from, or another program that judges as one does.
  func parts(_ stored: StoredBundle, _ recognizer: Recognizer, as application: String) throws -> IngestParts {
    IngestParts(
      settings: ingest, kafka: kafka,
      postgres: postgres(role: .ingest, application: application), recognizer: recognizer,
      model: try model(of: stored), pseudonymizer: pseudonymizer, registry: registry,
      logger: logger.labelled(application), clock: clock)
  }

  /// Recognition of a loaded bundle as a worker does it.
  func recognizer(_ stored: StoredBundle, decoder: IsolatedDecoder) async throws -> Recognizer {
    try requireLearningEmotions(stored)
    try await requireConfinedDecoders()
    return try await recognizerFactory.recognizer(
      stored, decoder: decoder, registry: registry, logger: logger.labelled("recognition"))
  }

  /// Tries a decoder where only confined ones may decode. One that does not come up is no reason: frames wait for it.
  private func requireConfinedDecoders() async throws {
    let isolation = isolation
    guard isolation.confinement == .required else { return }
    let isConfined = await ThreadExecutor(name: "decoder-trial").run { try? IsolatedDecoder.trial(isolation) }
    guard isConfined == false else { return }
    throw ConfigurationError(
      key: Keys.decoderSandbox.name, value: isolation.confinement.rawValue,
      place: "\(settings.origin(of: Keys.decoderSandbox))",
      problem: "the kernel offers no system call filter, so what decodes pictures cannot be confined",
      remedy: "let the container or kernel allow seccomp filters, or set it to "
        + IsolationSettings.Confinement.preferred.rawValue)
  }

  /// Decodes in processes of its own, because anybody may have made the pictures that an LMS sends.
  func decoder() -> IsolatedDecoder {
    IsolatedDecoder(isolation, prober: PictureDecoder(), registry: registry, logger: logger.labelled("decoder"))
  }

  /// As configured. The limit on starts counts replacements: each stream's first decoder is allowed on top of it.
  var isolation: IsolationSettings {
    let starts = settings[Keys.decoderStarts]
    return IsolationSettings(
      deadline: settings[Keys.decoderDeadline], memoryBytes: settings[Keys.decoderMemory].bytes,
      confinement: settings[Keys.decoderSandbox],
      starts: (burst: recognizerFactory.streams + starts, interval: .seconds(60) / starts))
  }

  /// A bundle as the database keeps it.
  func model(of stored: StoredBundle) throws -> ModelDescription {
    let manifest = stored.bundle.manifest
    let evaluation = RecordedEvaluation(name: manifest.name, evaluation: manifest.evaluation)
    return ModelDescription(
      id: stored.id, labels: manifest.labels, isTrained: manifest.trained,
      evaluationJSON: String(decoding: try JSONEncoder().encode(evaluation), as: UTF8.self))
  }

  /// The value of `model.evaluation` in the database: the model's name, and its evaluation if there is one.
  private struct RecordedEvaluation: Encodable {
    let name: String
    let evaluation: ModelEvaluation?

    func encode(to encoder: any Encoder) throws {
      try evaluation?.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
    }

    private enum CodingKeys: String, CodingKey { case name }
  }

  /// Says before the network is loaded which limit on memory is too low, and what is needed.
  func warnOfMemoryLimits() {
    guard let shortage = WorkerMemory(streams: recognizerFactory.streams).shortage(of: environment.resources) else {
      return
    }
    logger.warning(
      "a memory limit is lower than what a worker needs",
      metadata: ["problem": .string(shortage.sentence), "remedy": .string(WorkerMemory.remedy)])
  }

  var recognizerFactory: RecognizerFactory {
    RecognizerFactory(
      streams: settings.optional(Keys.streams) ?? environment.resources.cores,
      threadsPerStream: settings[Keys.streamThreads],
      cascadePath: settings.optional(Keys.cascade)?.path,
      reuse: FaceReuse(
        maximumAge: settings[Keys.faceReuse], maximumFrames: settings[Keys.faceReuseFrames]),
      preparationLimit: settings[Keys.preparationDeadline])
  }
}
