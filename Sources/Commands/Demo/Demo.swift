import Arguments
import Configuration
import Foundation
import HTTPServing
import Ingest
import KafkaIO
import LearningEvents
import LocalServers
import Persistence
import Processes
import Recognition
import Services
import Telemetry
import TextOutput

/// The whole system in one process: servers, worker, aggregator, pages, and an LMS that gives a lesson.
struct Demo {
  let environment: CommandEnvironment
  let folder: DemoFolder
  let lesson: Lesson
  let pictures: PictureFiles?
  /// Configuration keys given on the command line.
  let flags: [String: ConfigurationTable.Flag]
  let endsWhenDone: Bool
  let printsJSON: Bool

  /// Without a configured region the demo assumes the strictest one, in the European Union.
  private static let assumedRegion = "BE"

  func run() async throws {
    try folder.create()
    let lock = try folder.lock()
    defer { close(lock) }
    // Settings without servers first: a wrong one is refused before anything is started.
    let early = try settings(adding: [:])
    let context = CommandContext(settings: early, in: environment)
    _ = try context.requireDeployment()
    try refuseStaticMembership(early)
    guard context.listenerErrors.isEmpty else { throw ConfigurationErrors(errors: context.listenerErrors) }
    let logger = context.logger

    var found: [String: String] = [:]
    let cluster = try await startPostgres(early, logger: logger, into: &found)
    do {
      let broker = try await startKafka(early, logger: logger, into: &found)
      found[Keys.bundle.name] = early.optional(Keys.bundle)?.path ?? folder.model
      let context = CommandContext(settings: try settings(adding: found), in: environment)
      try await play(context, broker: broker)
      withExtendedLifetime(broker) {}
    } catch {
      await cluster?.stop()
      throw error
    }
    await cluster?.stop()
  }

  /// The broker it would bring cannot do it.
  private func refuseStaticMembership(_ settings: Settings) throws {
    guard let name = settings.optional(Keys.groupInstance), settings.optional(Keys.bootstrapServers) == nil else {
      return
    }
    throw ConfigurationError(
      key: Keys.groupInstance.name, value: name, place: "\(settings.origin(of: Keys.groupInstance))",
      problem: "the embedded broker has no static membership",
      remedy: "unset it, or set \(Keys.bootstrapServers.name) to a Kafka")
  }

  private func play(_ context: CommandContext, broker: EmbeddedBroker?) async throws {
    let gate = try context.requireDeployment()
    context.console.note(
      "purpose \(gate.purpose.rawValue), region \(gate.region): servers on this machine only, no LMS behind them\n")
    try await context.withMigrations { _ = try await $0.up() }
    let stored = try await bundle(context)
    let (worker, problems) = try await context.worker(stored, clusterID: broker?.clusterID)
    let reporting = Reporting(context: context, gate: gate, framesAreSynthetic: pictures == nil, role: .aggregator)
    let server = try reporting.site(alsoMissing: problems)
    let scenario = DemoScenario(
      context: context, lesson: lesson, picture: picture, broker: broker, folder: folder, reporting: reporting,
      url: server.listener.url, endsWhenDone: endsWhenDone, printsJSON: printsJSON)
    let monitoring = try context.monitoring(role: .aggregator, kafka: context.kafka, problems: problems)
    let services: [(any Service)?] = [monitoring, server, worker, context.aggregator(), scenario]
    try await context.run(services.compactMap(\.self))
  }

  private var picture: Lesson.Picture {
    pictures?.taken(by: lesson.learners.count)
      ?? DemoLesson.drawnPictures(segments: lesson.segments.count, framesPerLearner: lesson.framesPerLearner)
  }

  /// The configured bundle, or the untrained one, which is made at the first run.
  private func bundle(_ context: CommandContext) async throws -> StoredBundle {
    let path = context.settings[Keys.bundle].path
    guard path == folder.model else { return try context.bundle() }
    if !StoredBundle.exists(in: path) {
      context.console.note("making an untrained network of full size, once; it knows nothing of faces\n")
    }
    let stored = try await context.recognizerFactory.untrainedBundle(in: path, seed: 1)
    try context.requirePinnedModel(stored)
    return stored
  }

  /// The configuration of this demo: command line, environment and file, completed by the demo's own values.
  private func settings(adding found: [String: String]) throws -> Settings {
    var flags = flags
    var variables = environment.variables
    func give(_ key: some AnyConfigurationKey, _ value: String) {
      guard (variables[key.name] ?? "").isEmpty, flags[key.name] == nil else { return }
      flags[key.name] = ConfigurationTable.Flag(spelling: "demo", text: value)
    }
    // The demo is a demonstration whatever else this machine is configured for.
    flags[Keys.purpose.name] = ConfigurationTable.Flag(spelling: "demo", text: DeploymentPurpose.demonstration.rawValue)
    give(Keys.region, Self.assumedRegion)
    variables["\(Keys.pseudonymSecret.name)_FILE"] = nil
    variables[Keys.pseudonymSecret.name] = try folder.pseudonymSecret()
    give(Keys.frameInterval, lesson.frameInterval.configurationText)
    give(Keys.logLevel, LogLevel.warning.name)
    give(Keys.aggregateInterval, "1s")
    for (name, value) in found { flags[name] = ConfigurationTable.Flag(spelling: "demo", text: value) }
    return try Keys.table.resolve(flags: flags, environment: variables)
  }

  /// The configured PostgreSQL, or a private one in the folder.
  private func startPostgres(
    _ settings: Settings, logger: Logger, into found: inout [String: String]
  ) async throws -> PostgresCluster? {
    guard settings.optional(Keys.postgresURL) == nil else { return nil }
    environment.console.note("starting a private PostgreSQL in \(folder.database)\n")
    let cluster = try await PostgresCluster.start(
      folder: folder.database, launcher: ProcessLauncher(), logger: logger)
    do {
      found[Keys.postgresURL.name] = try await cluster.createDatabase("lectern", logger: logger)
      return cluster
    } catch {
      await cluster.stop()
      throw error
    }
  }

  /// The configured Kafka, its topics made if they are missing, or the embedded broker.
  private func startKafka(
    _ settings: Settings, logger: Logger, into found: inout [String: String]
  ) async throws -> EmbeddedBroker? {
    let thread = ThreadExecutor(name: "demo-kafka")
    let controlTopic = settings[Keys.controlTopic]
    let topics = [settings[Keys.frameTopic]: 6, controlTopic: 1]
    guard settings.optional(Keys.bootstrapServers) == nil else {
      let kafka = CommandContext(settings: settings, in: environment).kafka
      try await thread.run { () throws(KafkaError) in
        let admin = try KafkaAdmin(settings: kafka, logger: logger)
        for (topic, partitions) in topics {
          try admin.createTopic(
            topic, partitions: partitions,
            configuration: topic == controlTopic
              ? TopicSettings.recommendedForControl : TopicSettings.recommendedForFrames)
        }
      }
      return nil
    }
    let frameTopic = settings[Keys.frameTopic]
    let broker = try await thread.run { () throws(KafkaError) in
      let broker = try EmbeddedBroker(logger: logger)
      for (topic, partitions) in topics {
        let count = topic == frameTopic ? EmbeddedBroker.demoPartitionCount : partitions
        try broker.createTopic(topic, partitions: count)
      }
      return broker
    }
    found[Keys.bootstrapServers.name] = broker.bootstrapServers
    found[Keys.kafkaProperties.name] = EmbeddedBroker.consumerProperties.configurationText
    return broker
  }
}
