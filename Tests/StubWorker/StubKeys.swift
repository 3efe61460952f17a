import Configuration
import Ingest
import LearningEvents
import Telemetry

/// What the stub worker reads from its environment: the product's names where it has them.
enum StubKeys {
  static let bootstrapServers = ConfigurationKey<String>("LECTERN_KAFKA_BOOTSTRAP_SERVERS", help: "Kafka brokers")
  static let kafkaProperties = ConfigurationKey<[String: String]>(
    "LECTERN_KAFKA_PROPERTIES", help: "any properties of librdkafka", secret: true)
  static let clusterID = ConfigurationKey<ClusterID>("LECTERN_KAFKA_CLUSTER_ID", help: "unset asks the broker")
  static let frameTopic = ConfigurationKey<TopicName>(
    "LECTERN_KAFKA_FRAME_TOPIC", default: EventTopics.frames, help: "topic of frame events")
  static let controlTopic = ConfigurationKey<TopicName>(
    "LECTERN_KAFKA_CONTROL_TOPIC", default: EventTopics.control, help: "topic of control events")
  static let group = ConfigurationKey<String>("LECTERN_KAFKA_GROUP", default: "lectern", help: "consumer group")
  static let groupInstance = ConfigurationKey<String>("LECTERN_KAFKA_GROUP_INSTANCE", help: "static membership")
  static let postgresURL = ConfigurationKey<String>("LECTERN_POSTGRES_URL", help: "PostgreSQL", secret: true)
  static let secret = ConfigurationKey<String>("LECTERN_PSEUDONYM_SECRET", help: "keys the pseudonyms", secret: true)
  static let batchRecords = ConfigurationKey<Int>(
    "LECTERN_INGEST_BATCH_RECORDS", default: 2000, in: 1...10_000, help: "records stored by one transaction, at most")
  static let batchAge = ConfigurationKey<Duration>(
    "LECTERN_INGEST_BATCH_AGE", default: .milliseconds(200), help: "how long a record may wait for company")
  static let queuedMebibytes = ConfigurationKey<Int>(
    "LECTERN_INGEST_QUEUE_MEBIBYTES", default: IngestSettings().queuedBytes >> 20, in: 4...65_536,
    help: "records that wait or are worked on")
  static let controlGrace = ConfigurationKey<Duration>(
    "LECTERN_INGEST_CONTROL_GRACE", default: .seconds(30), help: "how long a frame may wait for an announcement")
  static let shutdownGrace = ConfigurationKey<Duration>(
    "LECTERN_SHUTDOWN_GRACE", default: .seconds(20), help: "how long an orderly end may take")
  static let logLevel = ConfigurationKey<LogLevelChoice>(
    "LECTERN_LOG_LEVEL", default: .info, help: "lowest level that is logged")

  // What the product has not.
  static let delay = ConfigurationKey<Duration>(
    "LECTERN_STUB_DELAY", default: .milliseconds(0), help: "how long the recognition of a frame takes")
  static let probe = ConfigurationKey<Bool>(
    "LECTERN_STUB_PROBE", default: false, help: "whether the decoder looks at each picture's header")
  static let chunk = ConfigurationKey<Int>(
    "LECTERN_STUB_CHUNK", default: 8, in: 1...10_000, help: "frames given to recognition at a time")
  static let metricsFile = ConfigurationKey<ConfigurationPath>(
    "LECTERN_STUB_METRICS_FILE", help: "where the metrics are written, every 100 ms and at the end")
  static let name = ConfigurationKey<String>(
    "LECTERN_STUB_NAME", default: "stub", help: "how PostgreSQL's list of sessions calls it")

  static let table = ConfigurationTable([
    .init(
      "Stub worker",
      [
        bootstrapServers, kafkaProperties, clusterID, frameTopic, controlTopic, group, groupInstance, postgresURL,
        secret,
        batchRecords, batchAge, queuedMebibytes, controlGrace,
        shutdownGrace, logLevel, delay, probe, chunk, metricsFile, name,
      ])
  ])
}

/// Levels of logging by name.
enum LogLevelChoice: String, CaseIterable, ConfigurationValue {
  case trace, debug, info, warning, error

  var level: LogLevel { LogLevel(name: rawValue) ?? .info }
}
