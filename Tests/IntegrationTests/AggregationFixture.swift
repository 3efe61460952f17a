import Aggregation
import Analytics
import PostgresIO
import StableHashing
import Telemetry
import TestSupport

/// A course in a database: sessions and samples written straight into the tables, as `lectern.store` leaves them.
struct AggregationFixture: Sendable {
  /// One sample: which learner's session, when (milliseconds after the fixture's start), where in the medium, what.
  struct Sample: Sendable {
    var learner: Int
    var milliseconds: Int64
    var sequence: Int32
    var media: Int64?
    /// Six ten-thousandths, or nil for a frame without a face.
    var probabilities: [Int16]?
  }

  let database: TestDatabase
  let owner: PostgresConnection
  let course: Int64
  let segments: [Int64]
  let sessions: [Int64]
  let cohortMinimum: Int

  /// A course "calculus" of three media segments of two minutes, one session for each learner.
  init(_ database: TestDatabase, learners: Int, cohortMinimum: Int = 10) async throws {
    self.database = database
    self.cohortMinimum = cohortMinimum
    owner = try await database.connect()
    let row = try await owner.query(
      """
      WITH s AS (INSERT INTO lectern.source (uri) VALUES ('https://lms.example') RETURNING source_id)
      INSERT INTO lectern.course (source_id, external_id, title, teachers, event_time, event_id)
      SELECT source_id, 'calculus', 'Calculus', ARRAY['t1'], now(), 'e1' FROM s RETURNING course_id
      """
    ).single()
    let course = try row.decode(at: 0, as: Int64.self)
    self.course = course
    segments = try await owner.query(
      """
      INSERT INTO lectern.segment (course_id, external_id, title, ordinal, media_start_ms, media_end_ms)
      SELECT $1, 's' || i, 'Segment ' || i, i, (i - 1) * 120000, i * 120000 FROM generate_series(1, 3) i
      RETURNING segment_id
      """, [.int8(course)]
    ).map { try $0.decode(at: 0) }
    sessions = try await owner.query(
      """
      INSERT INTO lectern.session (source_id, external_id, session_day, learner, course_id, frame_interval_ms)
      SELECT c.source_id, 'session ' || i, (now() AT TIME ZONE 'UTC')::date, md5('learner ' || i)::uuid, c.course_id, 10000
      FROM lectern.course c, generate_series(1, $2) i WHERE c.course_id = $1 RETURNING session_id
      """, [.int8(course), .int4(Int32(learners))]
    ).map { try $0.decode(at: 0) }
  }

  var settings: AggregatorSettings {
    AggregatorSettings(
      releasePolicy: ReleasePolicy(cohortMinimum: cohortMinimum)!, pollInterval: .milliseconds(20),
      sessionsPerTransaction: 5)
  }

  func aggregator(sessionsPerTransaction: Int = 5, logger: Logger = .silent) -> Aggregator {
    var settings = self.settings
    settings.sessionsPerTransaction = sessionsPerTransaction
    return Aggregator(
      postgres: database.settings(role: "lectern_aggregator"), settings: settings, logger: logger,
      metrics: MetricsRegistry())
  }

  /// Stores samples and dirties their sessions, in one transaction; samples that are there already change nothing.
  func store(_ samples: [Sample], on connection: PostgresConnection? = nil) async throws {
    let course = self.course
    let sessions = self.sessions
    func column(_ emotion: Int) -> PostgresParameter { .optionalInt2s(samples.map { $0.probabilities?[emotion] }) }
    let values: [PostgresParameter] = [
      .int8(course), .int8s(samples.map { sessions[$0.learner] }), .int8s(samples.map(\.milliseconds)),
      .int4s(samples.map(\.sequence)), .optionalInt8s(samples.map(\.media)),
      .int2s(samples.map { $0.probabilities == nil ? 1 : 0 }),
    ]
    try await (connection ?? owner).query(
      """
      WITH given AS (
        SELECT n.session_id, n.session_day, n.learner, g.*
        FROM unnest($2::bigint[], $3::bigint[], $4::int[], $5::bigint[], $6::smallint[], $7::smallint[],
          $8::smallint[], $9::smallint[], $10::smallint[], $11::smallint[], $12::smallint[])
          AS g (id, ms, seq, media, status, p0, p1, p2, p3, p4, p5)
        JOIN lectern.session n ON n.session_id = g.id
      ), stored AS (
        INSERT INTO lectern.emotion_sample (session_id, course_id, log_offset, captured_at, ingested_at, learner,
          session_day, seq, ledger_id, model_id, status, face_count, quality, label, p_focused, p_distracted, p_curious,
          p_confused, p_tired, p_happy, media_pos_ms)
        SELECT session_id, $1, 0, session_day::timestamp AT TIME ZONE 'UTC' + make_interval(secs => ms / 1000.0),
          clock_timestamp(), learner, session_day, seq, 1, 1, status, 1, 9000, CASE status WHEN 0 THEN 0 END,
          p0, p1, p2, p3, p4, p5, media
        FROM given ON CONFLICT DO NOTHING RETURNING session_day, session_id
      )
      INSERT INTO lectern.rollup_dirty (course_id, session_day, session_id)
      SELECT DISTINCT $1, session_day, session_id FROM stored
      """, values + (0..<6).map(column))
  }

  /// What the verification finds, as the role that runs it.
  func verify() async throws -> RollupVerification.Report {
    let connection = try await database.connect(role: "lectern_aggregator")
    let report = try await RollupVerification(settings: settings).run(on: connection)
    await connection.close()
    return report
  }

  /// One number from a statement, as the owner.
  func number(_ sql: String) async throws -> Int64 {
    try await owner.query(sql).single().decode(at: 0)
  }

  /// A frame every ten seconds through all three segments.
  static func steady(learner: Int, probabilities: [Int16], from: Int64 = 0, count: Int = 36) -> [Sample] {
    (0..<count).map { index in
      let at = from + Int64(index) * 10_000
      return Sample(
        learner: learner, milliseconds: at, sequence: Int32(at / 10_000), media: at, probabilities: probabilities)
    }
  }

  static func random(learners: Int, each: Int, seed: UInt64) -> [Sample] {
    var generator = SplitMix64(seed: seed)
    var samples: [Sample] = []
    for learner in 0..<learners {
      var now: Int64 = 0
      for sequence in 0..<each {
        now += Int64.random(in: 0...15_000, using: &generator)
        var cuts = (0..<5).map { _ in Int16.random(in: 0...10_000, using: &generator) }.sorted()
        cuts.append(10_000)
        var previous: Int16 = 0
        let probabilities = cuts.map { cut in
          defer { previous = cut }
          return cut - previous
        }
        samples.append(
          Sample(
            learner: learner, milliseconds: now, sequence: Int32(sequence),
            media: Int.random(in: 0..<9, using: &generator) == 0 ? nil : now,
            probabilities: Int.random(in: 0..<5, using: &generator) == 0 ? nil : probabilities))
      }
    }
    return samples.shuffled(using: &generator)
  }
}
