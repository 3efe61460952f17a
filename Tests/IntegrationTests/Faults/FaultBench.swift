import Foundation
import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Processes
import Synchronization
import Telemetry
import TestSupport
import Testing

/// Everything around workers in processes of their own: a log, a database behind a proxy, an LMS that keeps a journal,
/// a history of the ledger, and the checker that judges all of it at the end.
final class FaultBench: Sendable {
  struct Options: Sendable {
    var partitions = 6
    var learners = 6
    /// Frames a second.
    var rate = 200
    /// Whether course and consent come through the control topic; else they are in the database beforehand.
    var announcesThroughLog = false
    /// Chooses what else is sent among good frames; nil for those alone.
    var impuritySeed: UInt64?
    /// The learner whose consent the test takes back and gives again.
    var waveringLearner: Int?
    /// Other settings of every worker.
    var environment: [String: String] = [:]
  }

  let ingest: IngestBench
  let options: Options
  let proxy: PostgresProxy
  let journal: FaultJournal
  let history: LedgerHistory
  let producer: FaultProducer
  /// Journal, history, logs and metrics.
  let folder: String
  let admin: KafkaAdmin
  private let workers = Mutex<[StubWorkerProcess]>([])

  /// Runs a test with topics and a database of its own on the servers of the test run.
  static func run(
    _ options: Options = Options(), producerProperties: [String: String] = [:],
    _ body: (FaultBench) async throws -> Void
  ) async throws {
    try await IngestBench.run(partitions: options.partitions, producerProperties: producerProperties) { ingest in
      try await use(ingest, options, body)
    }
  }

  /// Runs a test on an Apache Kafka of its own, which it may kill.
  ///
  /// - Parameters:
  ///   - bootstrap: the brokers of its cluster; itself if nil.
  ///   - properties: of all clients.
  static func run(
    on broker: LocalKafka, bootstrap: String? = nil, _ options: Options = Options(), properties: [String: String] = [:],
    _ body: (FaultBench) async throws -> Void
  ) async throws {
    var chosen = settings(of: broker).adding(properties)
    if let bootstrap { chosen.bootstrapServers = bootstrap }
    let settings = chosen
    let server = try await BlockingThread().run { try KafkaTestServer(real: settings) }
    try await withTestDatabase { database in
      let owner = try await database.connect()
      let ingest = try await IngestBench(server: server, database: database, owner: owner, options)
      try await use(ingest, options, body)
      await owner.close()
    }
  }

  /// Runs a test on a database of its own, with topics on the Kafka of the test run.
  static func run(
    on database: TestDatabase, _ options: Options, _ body: (FaultBench) async throws -> Void
  ) async throws {
    try await KafkaTestServer.withTopics(partitions: [options.partitions, 1]) { server, topics in
      let owner = try await database.connect()
      let ingest = try await IngestBench(server: server, database: database, owner: owner, topics)
      try await use(ingest, options, body)
      await owner.close()
    }
  }

  /// A real Kafka's clients, with the shortest session timeout that it allows.
  static func settings(of broker: LocalKafka) -> KafkaSettings {
    KafkaSettings(
      bootstrapServers: broker.bootstrapServers, clientID: "lectern-faults",
      properties: ["session.timeout.ms": "6000", "heartbeat.interval.ms": "500"])
  }

  /// Runs a test over a bench of ingest; ends what was started however the test ends.
  static func use(_ ingest: IngestBench, _ options: Options, _ body: (FaultBench) async throws -> Void) async throws {
    let bench = try await FaultBench(ingest, options)
    bench.history.start()
    var failure: (any Error)?
    do {
      if options.announcesThroughLog {
        try await ingest.send(IngestBench.courseEvent())
        for learner in 0..<options.learners {
          try await ingest.send(
            IngestBench.consentEvent(learner: IngestBench.learner(learner)))
        }
      } else {
        try await ingest.announce(learners: options.learners)
      }
      try await body(bench)
    } catch {
      failure = error
    }
    try? await bench.producer.stop(within: .seconds(1))
    await bench.history.stop()
    for worker in bench.workers.withLock({ $0 }) {
      if failure != nil { print("\(worker.name): \(worker.logTail)") }
      await worker.kill()
    }
    bench.proxy.stop()
    if failure == nil { try? FileManager.default.removeItem(atPath: bench.folder) }
    if let failure { throw failure }
  }

  private init(_ ingest: IngestBench, _ options: Options) async throws {
    (self.ingest, self.options) = (ingest, options)
    let suffix = String(UInt32.random(in: .min ... .max), radix: 16)
    folder = "/tmp/lectern-faults-\(suffix)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    proxy = try PostgresProxy(to: ingest.database.programURL)
    journal = try FaultJournal(path: "\(folder)/journal.jsonl")
    let history = try LedgerHistory(
      path: "\(folder)/history.jsonl", settings: ingest.database.settings(), frameTopic: ingest.frameTopic)
    self.history = history
    var plan = FaultProducer.Plan(
      topic: ingest.frameTopic, partitions: options.partitions, learners: options.learners)
    plan.rate = options.rate
    plan.sessions = options.partitions * 2
    plan.seed = options.impuritySeed
    plan.waveringLearner = options.waveringLearner
    producer = FaultProducer(
      producer: ingest.producer, journal: journal, plan: plan,
      remake: { try ingest.withANewProducer().producer }, accounted: { history.accounted })
    admin = try KafkaAdmin(settings: ingest.server.settings, logger: .silent)
  }

  /// What a worker, or the product's program, needs to find everything.
  var environment: [String: String?] {
    ingest.programEnvironment.merging(["LECTERN_INGEST_BATCH_AGE": "50ms"]) { $1 }
      .merging(options.environment.mapValues { Optional($0) }) { $1 }
  }

  /// Starts a worker whose database is behind the proxy.
  func startWorker(
    _ name: String, environment more: [String: String] = [:]
  ) async throws -> StubWorkerProcess {
    let worker = try await StubWorkerProcess(
      name: name, folder: folder,
      environment: environment.merging(["LECTERN_POSTGRES_URL": proxy.url]) { $1 }
        .merging(more.mapValues { Optional($0) }) { $1 })
    workers.withLock { $0.append(worker) }
    return worker
  }

  /// Forgets a worker that has ended, so that a run of hours keeps none of them.
  func forget(_ worker: StubWorkerProcess) { workers.withLock { $0.removeAll { $0 === worker } } }

  // MARK: Waiting

  /// Waits until something holds; fails when that takes too long, or a worker ends meanwhile that should live.
  func wait(
    for what: String, within limit: Duration = .seconds(120), alive: [StubWorkerProcess] = [],
    sourceLocation: SourceLocation = #_sourceLocation, _ holds: () async throws -> Bool
  ) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !holds() {
      for worker in alive {
        guard let status = worker.exitStatus else { continue }
        Issue.record("\(what): \(worker.name) ended with \(status)", sourceLocation: sourceLocation)
        throw FaultBenchError.workerEnded(worker.name)
      }
      guard ContinuousClock.now < deadline else {
        Issue.record(
          "\(what): not after \(limit); sent: \(journal.counts), \(journal.failures)", sourceLocation: sourceLocation)
        throw FaultBenchError.tooSlow(what)
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  /// Waits until these workers hold all partitions of both topics, each of them at least one.
  func share(_ workers: StubWorkerProcess..., within limit: Duration = .seconds(120)) async throws {
    try await wait(for: "\(workers.map(\.name)) share the partitions", within: limit, alive: workers) {
      let held = workers.map(\.assignedPartitions)
      return held.reduce(0, +) == options.partitions + 1 && held.allSatisfy { $0 > 0 }
    }
  }

  /// How far the frame partitions' ledgers are behind the log's ends, in records, as of the history's last look; more
  /// than any number where the brokers do not say, as while leaders move.
  func lag() async throws -> Int64 { try await lag(of: ingest.frameTopic, partitions: options.partitions) }

  /// The same of the control topic.
  func controlLag() async throws -> Int64 { try await lag(of: ingest.controlTopic, partitions: 1) }

  private func lag(of topic: TopicName, partitions: Int) async throws -> Int64 {
    let admin = admin
    let ends = try? await BlockingThread().run {
      try (0..<Int32(partitions)).map {
        try admin.watermarks(of: TopicPartition(topic: topic, partition: $0), timeout: .seconds(10)).high
      }
    }
    guard let ends else { return .max }
    return ends.reduce(0, +) - history.next(of: topic)
  }

  /// Something of every ledger row, in order of their ids, as one text.
  func ledgers(_ expression: String) async throws -> String {
    try await ingest.owner.query(
      "SELECT string_agg((\(expression))::text, ' ' ORDER BY ledger_id) FROM lectern.ingest_ledger l"
    ).single().decode(at: 0)
  }

  /// Ends sending and waits for the lag to return to 0 by itself.
  func drain(
    by workers: StubWorkerProcess..., within limit: Duration = .seconds(60),
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await producer.stop()
    try await wait(
      for: "the lag returns to 0", within: limit, alive: workers, sourceLocation: sourceLocation
    ) { try await lag() == 0 }
  }
}

extension IngestBench {
  /// A bench on a server that is neither the run's Kafka nor removed by anybody but its owner.
  init(server: KafkaTestServer, database: TestDatabase, owner: PostgresConnection, _ options: FaultBench.Options)
    async throws
  {
    let (frames, control) = (
      TopicName(KafkaTestServer.unique("lectern-test")), TopicName(KafkaTestServer.unique("lectern-test"))
    )
    try await BlockingThread().run {
      try server.createTopic(frames, partitions: options.partitions)
      try server.createTopic(control, partitions: 1)
    }
    try await self.init(server: server, database: database, owner: owner, [frames, control])
  }

  /// A bench on topics that are there: of frames, and of control events.
  init(
    server: KafkaTestServer, database: TestDatabase, owner: PostgresConnection, _ topics: [TopicName]
  ) async throws {
    self.init(
      server: server, database: database, owner: owner, frameTopic: topics[0], controlTopic: topics[1],
      clusterID: try await BlockingThread().run { try server.clusterID() },
      producer: try KafkaProducer(settings: server.settings.adding(["linger.ms": "0"]), logger: .silent))
  }
}

enum FaultBenchError: Error, CustomStringConvertible {
  case tooSlow(String)
  case workerEnded(String)
  case surprise(String)
  case refused

  var description: String {
    switch self {
    case .tooSlow(let what): "not in time: \(what)"
    case .workerEnded(let name): "a worker ended unasked: \(name)"
    case .surprise(let what): "not as it should be: \(what)"
    case .refused: "the checker found something wrong"
    }
  }
}
