import Cryptography
import Foundation
import LearningEvents
import Persistence
import PostgresIO
import Telemetry

/// A database of one run: the whole schema, one course, and consent of every session's learner.
struct BenchmarkDatabase {
  let name: String
  let url: String
  let connection: PostgresConnection

  static func make(_ options: IngestBenchmarkOptions) async throws -> BenchmarkDatabase {
    let name = "lectern_bench_\(UInt32.random(in: .min ... .max))"
    try await PostgresConnection.with(PostgresSettings(url: options.postgres), logger: .silent) {
      try await $0.execute("CREATE DATABASE \(name)")
    }
    let settings = PostgresSettings(url: options.postgres, database: name)
    let connection = try await PostgresConnection.open(settings, logger: .silent)
    try await MigrationRunner(connection: connection, logger: .silent).up()
    let pseudonymizer = LearnerPseudonymizer(secret: Array(IngestBenchmark.secret.utf8))
    let time = EventTime(microseconds: 1_700_000_000_000_000)
    var events: [ControlEvent] = [
      .course(
        CourseEvent(
          eventID: "c", source: FrameSource.source, time: time, courseID: FrameSource.course, title: "Signals",
          segments: []))
    ]
    for session in 0..<options.sessions {
      events.append(
        .consent(
          ConsentEvent(
            eventID: "a", source: FrameSource.source, time: time, learnerID: FrameSource.learner(session),
            scope: .analytics, granted: true)))
    }
    try await CourseRepository(connection: connection).apply(
      events.map { ControlRow($0, recordedAt: $0.time, pseudonymizer: pseudonymizer) }, by: "a benchmark")
    let url = options.postgres.replacing(#/(postgres(?:ql)?:\/\/[^\/?]*)(?:\/[^?]*)?/#) { "\($0.output.1)/\(name)" }
    return BenchmarkDatabase(name: name, url: url, connection: connection)
  }

  /// Frame records the ledger accounts for.
  func progress(_ topic: TopicName) async throws -> Int {
    Int(try await LedgerRepository(connection: connection).totals(topic: topic).accounted)
  }

  func samples() async throws -> Int {
    let row = try await connection.query("SELECT count(*) FROM lectern.emotion_sample").single()
    return Int(try row.decode(at: 0, as: Int64.self))
  }

  func drop(_ options: IngestBenchmarkOptions) async throws {
    await connection.close()
    try await PostgresConnection.with(PostgresSettings(url: options.postgres), logger: .silent) { server in
      try await server.execute("DROP DATABASE \(name) WITH (FORCE)")
      // So that the next run does not pay for this one's writes.
      try await server.execute("CHECKPOINT", deadline: .seconds(300))
    }
  }
}
