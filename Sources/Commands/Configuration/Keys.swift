import Addresses
import Analytics
import Configuration
import Cryptography
import HTTPServing
import Ingest
import IsolatedDecoding
import KafkaIO
import LearningEvents
import PostgresIO
import Telemetry

/// Every configuration key of Lectern. Flags go over the environment, the environment over the file, the file over the
/// default written here.
enum Keys {
  // MARK: Servers

  static let bootstrapServers = ConfigurationKey<String>(
    "LECTERN_KAFKA_BOOTSTRAP_SERVERS", help: "Kafka brokers, host:port separated by commas"
  ) { servers in
    let isGood = servers.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { server in
      guard let colon = server.lastIndex(of: ":"), colon != server.startIndex else { return false }
      return (UInt16(server[server.index(after: colon)...]) ?? 0) > 0
    }
    guard isGood, !servers.contains("@") else {
      return "host:port, several separated by commas; a login belongs into LECTERN_KAFKA_PROPERTIES"
    }
    return nil
  }
  static let kafkaProperties = ConfigurationKey<[String: String]>(
    "LECTERN_KAFKA_PROPERTIES", help: "any properties of librdkafka, such as security.protocol=SASL_SSL", secret: true
  ) { properties in
    guard KafkaSettings.reservedProperties.isDisjoint(with: properties.keys) else {
      return "other properties than \(KafkaSettings.reservedProperties.sorted().joined(separator: " and ")): "
        + "\(bootstrapServers.name) alone says where Kafka is"
    }
    do throws(KafkaError) {
      try KafkaSettings(bootstrapServers: "127.0.0.1", properties: properties).check()
      return nil
    } catch {
      return "properties librdkafka knows, with values it takes"
    }
  }
  static let clusterID = ConfigurationKey<ClusterID>(
    "LECTERN_KAFKA_CLUSTER_ID", help: "the name the ledger keeps this cluster under; unset asks the broker")
  static let frameTopic = ConfigurationKey<TopicName>(
    "LECTERN_KAFKA_FRAME_TOPIC", default: EventTopics.frames, help: "topic of frame events")
  static let controlTopic = ConfigurationKey<TopicName>(
    "LECTERN_KAFKA_CONTROL_TOPIC", default: EventTopics.control, help: "topic of course, session and consent events")
  static let sources = ConfigurationKey<EventSources>(
    "LECTERN_KAFKA_SOURCES",
    help: "LMSs that are taken, SOURCE on both topics or TOPIC=SOURCE, separated by commas; unset takes all")
  static let consumerGroup = ConfigurationKey<String>(
    "LECTERN_KAFKA_GROUP", default: "lectern", help: "consumer group that all workers share")
  static let groupInstance = ConfigurationKey<String>(
    "LECTERN_KAFKA_GROUP_INSTANCE",
    help: "another name for each worker: it keeps its partitions while it restarts; not with the embedded broker"
  ) {
    let isName = $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || "._-".contains($0) }
    return isName && (1...249).contains($0.count) ? nil : "1 to 249 of a–z, A–Z, 0–9, '.', '_' and '-'"
  }
  static let postgresURL = ConfigurationKey<String>(
    "LECTERN_POSTGRES_URL", help: "PostgreSQL, as a connection URI or key=value string of libpq", secret: true
  ) {
    PostgresSettings(url: $0).isWellFormed
      ? nil
      : "postgresql://user:password@host:port/database (with %40 for an @ and %2F for a / in the password) or key=value "
        + "words"
  }

  static let unverifiedServers = ConfigurationKey<UnverifiedServers>(
    "LECTERN_ALLOW_UNVERIFIED_SERVERS",
    help: "servers on other machines that need not prove by TLS who they are: kafka, postgres or both, by commas")

  // MARK: Deployment

  static let region = ConfigurationKey<String>(
    "LECTERN_DEPLOYMENT_REGION", help: "ISO 3166 code of the country the learners are in")
  static let purpose = ConfigurationKey<String>(
    "LECTERN_DEPLOYMENT_PURPOSE",
    help: "why emotions are inferred: " + DeploymentPurpose.allCases.map(\.rawValue).joined(separator: ", "))
  static let basis = ConfigurationKey<String>(
    "LECTERN_DEPLOYMENT_BASIS", help: "reference of the approval or policy this rests on; logged and shown")
  static let pseudonymSecret = ConfigurationKey<String>(
    "LECTERN_PSEUDONYM_SECRET",
    help: "at least \(secretBytes) bytes that key the learners' pseudonyms; the same for all workers",
    secret: true
  ) { $0.utf8.count >= secretBytes ? nil : "at least \(secretBytes) bytes" }
  private static let secretBytes = LearnerPseudonymizer.secretMinimumBytes
  static let cohortMinimum = ConfigurationKey<Int>(
    "LECTERN_COHORT_MINIMUM", default: 10, in: ReleasePolicy.cohortFloor...10_000,
    help: "learners below which nothing is shown")

  // MARK: Ingest

  static let frameInterval = ConfigurationKey<Duration>(
    "LECTERN_FRAME_INTERVAL", default: .seconds(1), in: .milliseconds(1)...(.seconds(3600)),
    help: "time between a session's frames unless the LMS declares one")
  static let controlGrace = ConfigurationKey<Duration>(
    "LECTERN_INGEST_CONTROL_GRACE", default: .seconds(30), in: .zero...(.seconds(3600)),
    help: "how long a frame may wait for its course or consent to be announced")
  static let batchRecords = ConfigurationKey<Int>(
    "LECTERN_INGEST_BATCH_RECORDS", default: 2000, in: 1...10_000, help: "records stored by one transaction, at most")
  static let batchAge = ConfigurationKey<Duration>(
    "LECTERN_INGEST_BATCH_AGE", default: .milliseconds(200), in: .milliseconds(1)...(.seconds(60)),
    help: "how long a record may wait for company")
  static let queuedMebibytes = ConfigurationKey<Int>(
    "LECTERN_INGEST_QUEUE_MEBIBYTES", default: 40, in: 4...65_536,
    help: "records that wait or are worked on, over all partitions of a worker")

  // MARK: Recognition

  static let bundle = ConfigurationKey<ConfigurationPath>(
    "LECTERN_MODEL_BUNDLE", help: "folder of the model bundle that recognises")
  static let modelID = ConfigurationKey<String>(
    "LECTERN_MODEL_ID", help: "the only model that may recognise, by its whole id; another bundle is refused"
  ) {
    let isID = $0.utf8.count == 64 && $0.allSatisfy { "0123456789abcdef".contains($0) }
    return isID ? nil : "64 hexadecimal digits, as 'lectern model info' and 'lectern doctor' print"
  }
  static let streams = ConfigurationKey<Int>(
    "LECTERN_RECOGNITION_STREAMS", in: 1...256, help: "frames in recognition at once; unset takes one a core")
  static let streamThreads = ConfigurationKey<Int>(
    "LECTERN_RECOGNITION_THREADS", default: 1, in: 1...256, help: "threads of each stream")
  static let cascade = ConfigurationKey<ConfigurationPath>(
    "LECTERN_FACE_CASCADE", help: "OpenCV cascade that finds faces; unset takes the one of opencv-data")
  static let faceReuse = ConfigurationKey<Duration>(
    "LECTERN_FACE_REUSE", default: .seconds(10), in: .zero...(.seconds(3600)),
    help: "how long a session's face is looked for where it was, until the whole picture is searched again; 0s never")
  static let faceReuseFrames = ConfigurationKey<Int>(
    "LECTERN_FACE_REUSE_FRAMES", default: 30, in: 0...100_000, help: "the same bound as a number of frames")
  static let preparationDeadline = ConfigurationKey<Duration>(
    "LECTERN_PREPARATION_DEADLINE", default: .seconds(10), in: .milliseconds(100)...(.seconds(600)),
    help: "processor time to find the face of a decoded picture and measure it, after which the frame is rejected")
  static let decoderDeadline = ConfigurationKey<Duration>(
    "LECTERN_DECODER_DEADLINE", default: .seconds(10), in: .milliseconds(100)...(.seconds(600)),
    help: "processor time to decode one picture, after which its decoder is killed and the frame rejected")
  static let decoderMemory = ConfigurationKey<ByteCount>(
    "LECTERN_DECODER_MEMORY", default: ByteCount(768 << 20), in: ByteCount(16 << 20)...ByteCount(64 << 30),
    help: "memory a decoder may take for one picture, beside what the program needs anyway")
  static let decoderStarts = ConfigurationKey<Int>(
    "LECTERN_DECODER_STARTS", default: 60, in: 1...100_000,
    help: "decoders a minute that may be started for others that ended; beyond that frames wait")
  static let decoderSandbox = ConfigurationKey<IsolationSettings.Confinement>(
    "LECTERN_DECODER_SANDBOX", default: .required,
    help: "required: nothing is decoded where the kernel cannot confine decoders; preferred: it is, with a warning")

  // MARK: Aggregation, HTTP, logs

  static let aggregateInterval = ConfigurationKey<Duration>(
    "LECTERN_AGGREGATE_INTERVAL", default: .seconds(5), in: .milliseconds(10)...(.seconds(3600)),
    help: "how often the aggregator looks for sessions to compute again")
  static let sampleRetention = ConfigurationKey<Int>(
    "LECTERN_SAMPLE_RETENTION_DAYS", default: 30, in: 15...3660,
    help: "days that samples are kept; aggregators drop older ones")
  static let aggregateRetention = ConfigurationKey<Int>(
    "LECTERN_AGGREGATE_RETENTION_MONTHS", default: 13, in: 1...120,
    help: "months that everything computed of samples is kept, reports included")
  static let httpPort = ConfigurationKey<Int>(
    "LECTERN_HTTP_PORT", default: 8080, in: 0...65_535, help: "port of the pages on 127.0.0.1; 0 takes a free one")
  static let httpListen = ConfigurationKey<Endpoint>(
    "LECTERN_HTTP_LISTEN",
    help: "address and port of the pages instead of LECTERN_HTTP_PORT: a loopback address, since nobody signs in"
  ) { $0.isLoopback ? nil : "a loopback address, such as 127.0.0.1:8080: pages have no sign-in yet" }
  static let metricsPort = ConfigurationKey<Int>(
    "LECTERN_METRICS_PORT", in: 0...65_535,
    help: "port on 127.0.0.1 for /metrics, /live and /ready of a worker, an aggregator or pages")
  static let metricsListen = ConfigurationKey<Endpoint>(
    "LECTERN_METRICS_LISTEN",
    help: "address and port of these instead of LECTERN_METRICS_PORT, such as 0.0.0.0:9101 for a Prometheus elsewhere"
  ) {
    HTTPListener.canListen(on: $0.host) ? nil : "a numeric address and a port, like 0.0.0.0:9101 or [::]:9101"
  }
  static let logLevel = ConfigurationKey<LogLevel>(
    "LECTERN_LOG_LEVEL", default: .info, help: "lowest level that is logged")
  static let logFormat = ConfigurationKey<LogFormatChoice>(
    "LECTERN_LOG_FORMAT", default: .text, help: "text or json, one line an entry, on stderr")
  static let shutdownGrace = ConfigurationKey<Duration>(
    "LECTERN_SHUTDOWN_GRACE", default: .seconds(20), in: .seconds(1)...(.seconds(600)),
    help: "how long an orderly end may take before what still runs is cancelled")

  /// All of them, as `lectern config` shows them.
  static let table = ConfigurationTable(
    [
      .init(
        "Servers",
        [
          bootstrapServers, kafkaProperties, clusterID, frameTopic, controlTopic, sources, consumerGroup,
          groupInstance, postgresURL, unverifiedServers,
        ]),
      .init("Deployment", [region, purpose, basis, pseudonymSecret, cohortMinimum]),
      .init("Ingest", [frameInterval, controlGrace, batchRecords, batchAge, queuedMebibytes]),
      .init(
        "Recognition",
        [
          bundle, modelID, streams, streamThreads, cascade, faceReuse, faceReuseFrames, preparationDeadline,
          decoderDeadline, decoderMemory, decoderStarts, decoderSandbox,
        ]),
      .init(
        "Aggregation, HTTP and logs",
        [
          aggregateInterval, sampleRetention, aggregateRetention, httpPort, httpListen, metricsPort, metricsListen,
          logLevel, logFormat, shutdownGrace,
        ]),
    ],
    foreignNames: [
      "LECTERN_BENCHMARKS", "LECTERN_REQUIRE", "LECTERN_TEST_ASYNCAPI_SCHEMA", "LECTERN_TEST_EXECUTABLE",
      "LECTERN_TEST_FACES",
      "LECTERN_TEST_KAFKA", "LECTERN_TEST_POSTGRES", "LECTERN_TEST_RDKAFKA", "LECTERN_TORTURE_BROKER",
      "LECTERN_TORTURE_SECONDS",
      "LECTERN_TORTURE_SEED",
      "LECTERN_SHARE",
    ])
}

/// The servers that commands talk to.
enum Server: String, CaseIterable {
  case kafka, postgres
}

/// The servers that are let off from proving who they are.
struct UnverifiedServers: ConfigurationValue, Equatable {
  let servers: Set<Server>

  init?(configurationText text: String) {
    let names = text.split(separator: ",", omittingEmptySubsequences: false).map { Server(rawValue: String($0)) }
    guard !names.contains(nil) else { return nil }
    servers = Set(names.compactMap(\.self))
  }

  var configurationText: String { servers.map(\.rawValue).sorted().joined(separator: ",") }
  static var configurationExpectation: String { "kafka, postgres or kafka,postgres" }
}

extension Endpoint: ConfigurationValue {
  package init?(configurationText text: String) { self.init(text) }
  package var configurationText: String { description }
  package static var configurationExpectation: String { "an address and a port, like 127.0.0.1:8080 or [::1]:8080" }
}

/// How log lines are written.
enum LogFormatChoice: String, CaseIterable, ConfigurationValue {
  case text, json
}

extension IsolationSettings.Confinement: ConfigurationValue {}

extension LogLevel: ConfigurationValue {
  package init?(configurationText text: String) { self.init(name: text) }
  package var configurationText: String { name }
}

extension EventTime: ConfigurationValue {
  package init?(configurationText text: String) { self.init(rfc3339: text) }
  package var configurationText: String { rfc3339 }
  package static var configurationExpectation: String { "a time like 2026-11-23T10:00:00Z" }
}
