import Arguments
import Configuration
import Cryptography
import Foundation
import Ingest
import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Telemetry
import TextOutput

/// A command's resolved settings, its environment, its logger and its metrics.
struct CommandContext: Sendable {
  let environment: CommandEnvironment
  let settings: Settings
  let logger: Logger
  let registry = MetricsRegistry()

  /// Resolves the whole configuration of a command before anything is connected.
  ///
  /// - Parameters:
  ///   - servers: those that the command talks to where they are configured: each has to prove who it is.
  ///   - required: keys without which the command cannot do its work.
  /// - Throws: `ConfigurationErrors`, which lists everything that is wrong, `required` keys without a value included.
  init(
    _ command: some ArgumentGroup, in environment: CommandEnvironment, servers: Set<Server>,
    required: [any AnyConfigurationKey] = []
  ) throws {
    let settings = try Keys.table.resolve(
      flags: command.configurationFlags, environment: environment.variables, required: required)
    self.init(settings: settings, in: environment)
    let errors = listenerErrors + Server.allCases.filter(servers.contains).compactMap(refusal(of:))
    guard errors.isEmpty else { throw ConfigurationErrors(errors: errors) }
    for warning in settings.fileWarnings {
      logger.warning("a secret can be read by others", metadata: ["warning": .string(warning)])
    }
    for warning in settings.warnings {
      logger.warning("a setting is unknown", metadata: ["warning": .string(warning)])
    }
    for warning in kafka.warnings {
      logger.warning("Kafka may refuse the login", metadata: ["warning": .string(warning)])
    }
  }

  init(settings: Settings, in environment: CommandEnvironment) {
    (self.settings, self.environment) = (settings, environment)
    let format: LogFormat
    switch settings[Keys.logFormat] {
    case .json: format = .json
    case .text: format = .human(colour: environment.console.errors.isTerminal)
    }
    logger = Logger(
      label: "lectern", level: settings[Keys.logLevel],
      sink: ConsoleLogSink(console: environment.console, format: format))
    ProgramMetrics.register(in: registry, version: Lectern.version)
  }

  var console: Console { environment.console }

  var clock: @Sendable () -> EventTime { environment.clock }

  /// A progress bar on the console.
  func progress(total: Int, isWanted: Bool = true) -> ProgressLine {
    ProgressLine(total: total, on: console, isWanted: isWanted, uptime: environment.uptime)
  }

  /// Kafka as configured; without servers where none is.
  var kafka: KafkaSettings {
    KafkaSettings(
      bootstrapServers: settings.optional(Keys.bootstrapServers) ?? "",
      properties: settings.optional(Keys.kafkaProperties) ?? [:],
      groupInstanceID: settings.optional(Keys.groupInstance))
  }

  /// PostgreSQL as configured, under one of Lectern's roles.
  func postgres(role: DatabaseRole?, application: String) -> PostgresSettings {
    PostgresSettings(
      url: settings[Keys.postgresURL], applicationName: "lectern \(application)", role: role?.rawValue,
      lockTimeout: .seconds(10))
  }

  /// Whether this deployment may infer emotions at all.
  func deploymentGate() throws(DeploymentRefusal) -> DeploymentGate {
    try DeploymentGate(
      region: settings.optional(Keys.region), purpose: settings.optional(Keys.purpose),
      basis: settings.optional(Keys.basis), serversAreLocal: serversAreOnThisMachine)
  }

  /// The same, asked before anything is connected: a refusal ends the command as a refused configuration.
  func requireDeployment() throws -> DeploymentGate {
    do throws(DeploymentRefusal) {
      return try deploymentGate()
    } catch {
      console.note("error: \(error)\n")
      throw ExitCode.configuration
    }
  }

  var pseudonymizer: LearnerPseudonymizer {
    LearnerPseudonymizer(secret: Array(settings[Keys.pseudonymSecret].utf8))
  }

  var ingest: IngestSettings {
    var ingest = IngestSettings()
    ingest.frameTopic = settings[Keys.frameTopic]
    ingest.controlTopic = settings[Keys.controlTopic]
    ingest.sources = settings.optional(Keys.sources) ?? .all
    ingest.consumerGroup = settings[Keys.consumerGroup]
    ingest.clusterID = settings.optional(Keys.clusterID)
    ingest.frameIntervalMilliseconds = Int32(clamping: settings[Keys.frameInterval].wholeMilliseconds)
    ingest.judge.grace = settings[Keys.controlGrace]
    ingest.batchRecords = settings[Keys.batchRecords]
    ingest.batchAge = settings[Keys.batchAge]
    ingest.queuedBytes = settings[Keys.queuedMebibytes] << 20
    return ingest
  }
}

extension CommandEnvironment {
  /// The clock of everything that asks for the time.
  var clock: @Sendable () -> EventTime {
    let now = now
    return { EventTime(microseconds: Int64((now().timeIntervalSince1970 * 1e6).rounded())) }
  }
}
