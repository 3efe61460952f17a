import Configuration
import Cryptography
import Foundation
import Ingest
import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Services
import StubRecognition
import Telemetry
import TextOutput

/// The product's worker with the stub classifier: everything `lectern worker` does but recognising. Never shipped.
///
/// Logs JSON on standard error. SIGTERM ends it as it ends the product: 0 once it has stored and left the group. Ends
/// with 78 for a refused configuration and 1 for anything else.
@main
struct StubWorker {
  static func main() async {
    do {
      try await run()
    } catch let error as ConfigurationErrors {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(78)
    } catch {
      Logger(label: "stub", sink: LogLines())
        .error("the worker ended", metadata: ["error": .string("\(error)")])
      exit(1)
    }
  }

  private static func run() async throws {
    let settings = try StubKeys.table.resolve(
      environment: ProcessInfo.processInfo.environment,
      required: [StubKeys.bootstrapServers, StubKeys.postgresURL, StubKeys.secret])
    let logger = Logger(label: "stub", level: settings[StubKeys.logLevel].level, sink: LogLines())
    let registry = MetricsRegistry()
    let frames = registry.counter("lectern_stub_frames_total", help: "Frames given to the stub classifier")
    let recognizer = StubRecognizer(
      probesHeader: settings[StubKeys.probe], delay: settings[StubKeys.delay],
      counting: { frames.increment(by: $0) })
    let worker = IngestWorker(
      IngestParts(
        settings: ingest(settings),
        kafka: KafkaSettings(
          bootstrapServers: settings[StubKeys.bootstrapServers],
          properties: settings.optional(StubKeys.kafkaProperties) ?? [:],
          groupInstanceID: settings.optional(StubKeys.groupInstance)),
        postgres: PostgresSettings(
          url: settings[StubKeys.postgresURL], applicationName: settings[StubKeys.name], role: "lectern_ingest",
          lockTimeout: .seconds(10)),
        recognizer: recognizer,
        model: ModelDescription(id: recognizer.modelID, labels: Emotion.allCases.map(\.name), isTrained: false),
        pseudonymizer: LearnerPseudonymizer(secret: Array(settings[StubKeys.secret].utf8)), registry: registry,
        logger: logger, clock: { EventTime(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }))
    var services: [any Service] = []
    if let path = settings.optional(StubKeys.metricsFile)?.path {
      services.append(MetricsFile(path: path, registry: registry, health: worker.health))
    }
    try await ServiceGroup(
      services: services + [worker], shutdownDeadline: settings[StubKeys.shutdownGrace], logger: logger
    ).run()
  }

  private static func ingest(_ settings: Settings) -> IngestSettings {
    var ingest = IngestSettings()
    ingest.frameTopic = settings[StubKeys.frameTopic]
    ingest.controlTopic = settings[StubKeys.controlTopic]
    ingest.consumerGroup = settings[StubKeys.group]
    ingest.clusterID = settings.optional(StubKeys.clusterID)
    ingest.judge.grace = settings[StubKeys.controlGrace]
    ingest.batchRecords = settings[StubKeys.batchRecords]
    ingest.batchAge = settings[StubKeys.batchAge]
    ingest.queuedBytes = settings[StubKeys.queuedMebibytes] << 20
    ingest.recognitionChunk = settings[StubKeys.chunk]
    return ingest
  }
}

/// A JSON line an entry on standard error.
private struct LogLines: LogSink {
  private let stream = DescriptorStream(STDERR_FILENO)

  func write(_ entry: LogEntry) { try? stream.write(LogFormat.json.line(entry) + "\n") }
}
