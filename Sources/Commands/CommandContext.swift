import Arguments
import Configuration
import Cryptography
import Foundation
import Ingest
import KafkaIO
import LearningEvents
import PostgresIO
import Telemetry

/// What a command starts from: its settings, all of them good, and where it logs and counts.
struct CommandContext: Sendable {
  let settings: Settings
  let logger: Logger
  let registry = MetricsRegistry()

  /// Resolves the whole configuration of a command before anything is connected.
  ///
  /// - Throws: `ConfigurationErrors`, which lists everything that is wrong, `required` keys without a value included.
  init(_ command: some ArgumentGroup, required: [any AnyConfigurationKey] = []) throws {
    let environment = ProcessInfo.processInfo.environment
    let settings = try Keys.table.resolve(
      flags: command.configurationFlags, environment: environment, required: required)
    self.init(settings: settings)
    for warning in settings.warnings {
      logger.warning("a setting is unknown", metadata: ["warning": .string(warning)])
    }
    for warning in kafkaWarnings {
      logger.warning("Kafka may refuse the login", metadata: ["warning": .string(warning)])
    }
  }

  init(settings: Settings) {
    self.settings = settings
    let format: LogFormat
    switch settings[Keys.logFormat] {
    case .json: format = .json
    case .text: format = .human(colour: Terminal.errorIsTerminal)
    }
    logger = Logger(
      label: "lectern", level: settings[Keys.logLevel], sink: StreamLogSink(format: format))
  }

  /// The clock of everything that asks for the time.
  static let now: @Sendable () -> EventTime = {
    EventTime(microseconds: Int64((Date().timeIntervalSince1970 * 1e6).rounded()))
  }

  /// Kafka as configured.
  var kafka: KafkaSettings {
    KafkaSettings(
      bootstrapServers: settings[Keys.bootstrapServers], properties: settings.optional(Keys.kafkaProperties) ?? [:],
      groupInstanceID: settings.optional(Keys.groupInstance))
  }

  /// What is known, before anything is connected, to fail with the configured properties.
  private var kafkaWarnings: [String] {
    KafkaSettings(bootstrapServers: "", properties: settings.optional(Keys.kafkaProperties) ?? [:]).warnings
  }

  /// PostgreSQL as configured, under one of Lectern's roles.
  func postgres(role: String?, application: String) -> PostgresSettings {
    PostgresSettings(
      url: settings[Keys.postgresURL], applicationName: "lectern \(application)", role: role,
      lockTimeout: .seconds(10))
  }

  /// Whether this deployment may infer emotions at all.
  func deploymentGate() throws(DeploymentRefusal) -> DeploymentGate {
    let local =
      ServerLocality.isLocal(bootstrapServers: settings.optional(Keys.bootstrapServers))
      && ServerLocality.isLocal(postgresURL: settings.optional(Keys.postgresURL))
    return try DeploymentGate(
      region: settings.optional(Keys.region), purpose: settings.optional(Keys.purpose),
      basis: settings.optional(Keys.basis), servers: .init(areAllLocal: local))
  }

  /// The same, asked before anything is connected: a refusal ends the command as a refused configuration.
  func requireDeployment() throws -> DeploymentGate {
    do throws(DeploymentRefusal) {
      return try deploymentGate()
    } catch {
      Terminal.note("error: \(error)\n")
      throw ExitCode.configuration
    }
  }

  var pseudonymizer: LearnerPseudonymizer {
    LearnerPseudonymizer(secret: Array(settings[Keys.pseudonymSecret].utf8))
  }

  /// Ingest as configured.
  var ingest: IngestSettings {
    var ingest = IngestSettings()
    ingest.frameTopic = settings[Keys.frameTopic]
    ingest.controlTopic = settings[Keys.controlTopic]
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

extension Duration {
  /// This duration in milliseconds, rounded towards zero.
  var wholeMilliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
