import Cryptography
import Foundation
import ImageTypes
import Ingest
import KafkaIO
import LearningEvents
import LogCapturing
import Persistence
import PostgresIO
import Recognition
import Services
import Telemetry
import TestSupport
import Testing

/// Everything around a worker: topics and a database of the test's own, a producer, and the LMS's view of what was
/// sent.
///
/// Every id an LMS would give contains `IngestBench.marker`, so that one search shows whether any of them leaked.
struct IngestBench: Sendable {
  static let marker = "sentinel"
  static let source: SourceID = "https://lms.\(marker).example"
  static let course: CourseID = "course-\(marker)"
  static let secret = [UInt8](repeating: 7, count: 32)

  let server: KafkaTestServer
  let database: TestDatabase
  /// The server's superuser, for looking.
  let owner: PostgresConnection
  let frameTopic: TopicName
  let controlTopic: TopicName
  let group = KafkaTestServer.unique("ingest")
  let clusterID: ClusterID
  private(set) var producer: KafkaProducer
  /// What the workers log, all levels.
  let log = CapturingLogSink()
  /// What was sent, for the checker; nil where nobody asks it.
  var journal: FaultJournal?

  /// Runs a test with both topics and a database, removed however it ends.
  static func run(
    partitions: Int, controlPartitions: Int = 1, migrated: Bool = true, topicConfiguration: [String: String] = [:],
    producerProperties: [String: String] = [:], _ body: (IngestBench) async throws -> Void
  ) async throws {
    try await withTestDatabase(migrated: migrated) { database in
      try await KafkaTestServer.withTopics(
        partitions: [partitions, controlPartitions], configuration: topicConfiguration
      ) { server, topics in
        let owner = try await database.connect()
        let path = "/tmp/\(topics[0]).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bench = IngestBench(
          server: server, database: database, owner: owner, frameTopic: topics[0], controlTopic: topics[1],
          clusterID: try await BlockingThread().run { try server.clusterID() },
          producer: try KafkaProducer(
            settings: server.settings.adding(["linger.ms": "0"]).adding(producerProperties), logger: .silent),
          journal: try FaultJournal(path: path))
        var failure: (any Error)?
        do { try await body(bench) } catch { failure = error }
        await owner.close()
        if let failure { throw failure }
      }
    }
  }

  // MARK: Workers

  /// Starts a worker; `adjust` changes its settings.
  func start(
    _ recognizer: any FrameRecognizing, secret: [UInt8] = secret, applicationName: String = "ingest-worker",
    kafkaProperties: [String: String] = [:], statementDeadline: Duration? = nil,
    clockAheadBy clockError: Duration = .zero, registry: MetricsRegistry = MetricsRegistry(),
    _ adjust: (inout IngestSettings) -> Void = { _ in }
  ) -> IngestRun {
    var settings = IngestSettings()
    settings.frameTopic = frameTopic
    settings.controlTopic = controlTopic
    settings.consumerGroup = group
    settings.clusterID = clusterID
    settings.pollInterval = .milliseconds(20)
    settings.batchAge = .milliseconds(50)
    adjust(&settings)
    var postgres = database.settings(role: "lectern_ingest")
    postgres.applicationName = applicationName
    if let statementDeadline { postgres.statementDeadline = statementDeadline }
    return IngestRun(
      IngestWorker(
        IngestParts(
          settings: settings, kafka: server.settings.adding(kafkaProperties), postgres: postgres,
          recognizer: recognizer,
          model: ModelDescription(
            id: recognizer.modelID, labels: Emotion.allCases.map(\.name), isTrained: false),
          pseudonymizer: LearnerPseudonymizer(secret: secret), registry: registry,
          logger: Logger(label: "worker", level: .trace, sink: log), clock: { IngestBench.now.advanced(by: clockError) }
        )))
  }

  static var now: EventTime { EventTime(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) }

  // MARK: The LMS

  static func learner(_ name: some CustomStringConvertible) -> LearnerID { "learner-\(marker)-\(name)" }

  static func frame(
    session: SessionID, sequence: Int32, learner: LearnerID = learner(0), course: CourseID = course,
    capturedAt: EventTime = now
  ) -> FrameEvent {
    FrameEvent(
      id: "frame-\(marker)-\(session)-\(sequence)", source: source, sessionID: "\(session)-\(marker)",
      sequence: sequence, learnerID: learner, courseID: course, capturedAt: capturedAt, imageType: .png)
  }

  @discardableResult
  func send(
    _ frame: FrameEvent, image: [UInt8], partition: Int32? = nil, mode: FrameEvent.ContentMode = .binary,
    expect: FaultJournal.Expectation = .any, incarnation: Int = 0
  ) async throws -> KafkaProducer.Delivery {
    let event = image.withUnsafeBytes { frame.encoded(image: $0, mode: mode) }
    return try await journalled(frame, image: image, expect: expect, incarnation: incarnation) {
      try await send(event.headers, value: event.value, key: event.key, partition: partition)
    }
  }

  /// Sends what is told of a frame in the journal, however it is sent.
  func journalled(
    _ frame: FrameEvent, image: [UInt8], expect: FaultJournal.Expectation, incarnation: Int = 0,
    _ sending: () async throws -> KafkaProducer.Delivery
  ) async throws -> KafkaProducer.Delivery {
    let entry = journal?.begin(frame, image: image, incarnation: incarnation, expect: expect)
    let delivery = try await sending()
    if let entry { journal?.acknowledge(entry, partition: delivery.partition, offset: delivery.offset) }
    return delivery
  }

  @discardableResult
  func send(
    _ headers: [EventHeader], value: [UInt8]?, key: [UInt8] = [], partition: Int32? = nil
  ) async throws -> KafkaProducer.Delivery {
    try await producer.produce(topic: frameTopic, key: key, headers: headers, value: value, partition: partition)
  }

  func send(_ event: ControlEvent) async throws {
    _ = try await producer.produce(event.encoded(), to: controlTopic)
  }

  /// Control events as the LMS says them, newer ones later.
  static func courseEvent() -> ControlEvent {
    .course(
      CourseEvent(
        eventID: "c-\(marker)", source: source, time: now, courseID: course, title: "Signals",
        segments: PostgresIngestFixture.defaultSegments))
  }

  /// A consent from before every frame, or a revocation of now, unless a time is given.
  static func consentEvent(learner: LearnerID, granted: Bool = true, at time: EventTime? = nil) -> ControlEvent {
    .consent(
      ConsentEvent(
        eventID: "a-\(marker)", source: source, time: time ?? (granted ? longAgo : now), learnerID: learner,
        scope: .analytics, granted: granted))
  }

  /// Applies control events past Kafka, as `lectern course import` does.
  func apply(_ events: [ControlEvent]) async throws {
    let pseudonymizer = LearnerPseudonymizer(secret: Self.secret)
    try await CourseRepository(connection: owner).apply(
      events.map { ControlRow($0, recordedAt: $0.time, pseudonymizer: pseudonymizer) })
  }

  /// The course, and consent of the first learners.
  func announce(learners: Int = 1) async throws {
    try await apply(
      [Self.courseEvent()]
        + (0..<learners).map { Self.consentEvent(learner: Self.learner($0)) })
  }

  /// Before every frame.
  static var longAgo: EventTime { now.advanced(by: .seconds(-20 * 86_400)) }

  /// The bench of an LMS that was started again: its old producer would miss what it had sent.
  func withANewProducer() throws -> IngestBench {
    var bench = self
    bench.producer = try KafkaProducer(settings: server.settings.adding(["linger.ms": "0"]), logger: .silent)
    return bench
  }

  // MARK: Looking

  func number(_ sql: String) async throws -> Int64 {
    try await owner.query("SELECT (\(sql))::bigint").single().decode(at: 0)
  }

  /// How many frame records the ledger accounts for.
  func progress() async throws -> Int64 { try await counters().accounted }

  func counters() async throws -> LedgerCounters {
    try await LedgerRepository(connection: owner).totals(topic: frameTopic, clusterID: clusterID)
  }

  /// Waits until so many frame records are accounted for; fails when that takes too long or a worker has ended.
  func settle(
    _ count: Int64, by workers: IngestRun..., within limit: Duration = .seconds(120),
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let deadline = ContinuousClock.now + limit
    while true {
      let progress = try await progress()
      if progress >= count { return }
      for worker in workers where worker.hasEnded {
        try await worker.stop()
        Issue.record("a worker ended at \(progress) of \(count)", sourceLocation: sourceLocation)
        return
      }
      guard ContinuousClock.now < deadline else {
        let tail = log.entries.suffix(12).map { LogFormat.human(colour: false).line($0) }
        Issue.record("\(progress) of \(count) records after \(limit); \(tail)", sourceLocation: sourceLocation)
        throw IngestBenchError.tooSlow
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Every ledger's arithmetic: offsets taken = records and gaps counted, and as many rows as were counted.
  func checkArithmetic(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let wrong = try await number(
      """
      SELECT count(*) FROM lectern.ingest_ledger l
      WHERE next_offset - first_offset <> samples + rejects + duplicates + applied + skipped + lost
        OR samples <> (SELECT count(*) FROM lectern.emotion_sample e WHERE e.ledger_id = l.ledger_id) + erased + expired
        OR rejects <> (SELECT count(*) FROM lectern.ingest_reject r WHERE r.ledger_id = l.ledger_id)
      """)
    #expect(wrong == 0, "a ledger does not add up", sourceLocation: sourceLocation)
  }

  /// Every sample by session and sequence, with its distribution.
  func samples() async throws -> [String: [[Int16]]] {
    var found: [String: [[Int16]]] = [:]
    let rows = try await owner.query(
      """
      SELECT n.external_id, e.seq, e.p_focused, e.p_distracted, e.p_curious, e.p_confused, e.p_tired, e.p_happy
      FROM lectern.emotion_sample e JOIN lectern.session n USING (session_id)
      """)
    for row in rows {
      let name = "\(try row.decode(at: 0, as: String.self))/\(try row.decode(at: 1, as: Int32.self))"
      var parts: [Int16] = []
      for column in 2..<8 { parts.append(try row.decode(at: column, as: Int16.self)) }
      found[name, default: []].append(parts)
    }
    return found
  }

  /// Rejects of one partition, by offset.
  func rejects(partition: Int32) async throws -> [(offset: Int64, code: String, detail: String, waited: Double)] {
    let rows = try await owner.query(
      """
      SELECT r.log_offset, r.code, r.detail, extract(epoch FROM r.rejected_at - r.record_timestamp)::float8
      FROM lectern.ingest_reject r JOIN lectern.ingest_ledger l USING (ledger_id)
      WHERE l.topic = $1 AND l.partition = $2 ORDER BY 1
      """, [.text(frameTopic.text), .int4(partition)])
    return try rows.map { row in
      (
        try row.decode(at: 0, as: Int64.self), try row.decode(at: 1, as: String.self),
        try row.decode(at: 2, as: String.self), try row.decodeIfPresent(at: 3, as: Double.self) ?? 0
      )
    }
  }

  /// What the logs of all workers say, one line an entry.
  var logLines: [String] { log.entries.map { LogFormat.human(colour: false).line($0) } }
}

enum IngestBenchError: Error { case tooSlow }
