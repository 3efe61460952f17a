package import LearningEvents
package import PostgresIO
package import Telemetry

/// Everything a worker asks of the database. Each call is one SQL function, but for `ping`: one round trip, and where
/// it writes, one transaction of its own.
///
/// Over one connection, which it owns. Calls from several tasks queue up on the connection's thread. Any error with
/// `connectionIsLost` ends it: open another.
package final class IngestRepository: Sendable {
  let connection: PostgresConnection

  package init(connection: PostgresConnection) { self.connection = connection }

  /// Connects. Give `settings` the role `lectern_ingest` where the user may do more than execute functions.
  package static func open(
    _ settings: PostgresSettings, logger: Logger
  ) async throws(PostgresError) -> IngestRepository {
    IngestRepository(connection: try await PostgresConnection.open(settings, logger: logger))
  }

  package func close() async { await connection.close() }

  /// What the server's clock says.
  package func time() async throws(PostgresError) -> EventTime {
    try await connection.query("SELECT clock_timestamp()").value()
  }

  /// Returns if the server answers.
  package func ping() async throws(PostgresError) { try await connection.query("SELECT 1") }

  // MARK: The ledger

  /// Makes the caller the only one whose stores are taken for this log. A log without a ledger starts at
  /// `lowWatermark`; `isNew` says that this claim made the ledger. Fails with `.otherGroup` if another consumer group
  /// reads the log.
  package func claim(
    _ log: LogIdentity, group: String, lowWatermark: Int64
  ) async throws(PostgresError) -> (ledger: LedgerState, isNew: Bool) {
    let row = try await connection.query(
      "SELECT * FROM lectern.claim($1, $2, $3, $4, $5, $6)",
      [
        .id(log.clusterID), .id(log.topic), .optional(log.incarnation), .int4(log.partition), .text(group),
        .int8(lowWatermark),
      ]
    ).single()
    return (try LedgerState(row), try row.decode("is_new"))
  }

  /// Where these ledgers stand, by id; a ledger that is not there is left out.
  package func ledgers(_ ids: [Int32]) async throws(PostgresError) -> [Int32: LedgerState] {
    let rows = try await connection.query("SELECT * FROM lectern.read_ledgers($1)", [.int4s(ids)])
    let states = try rows.map(LedgerState.init)
    return Dictionary(uniqueKeysWithValues: states.map { ($0.ledgerID, $0) })
  }

  /// The ledgers of a topic as it is now, by partition: of each the newest incarnation.
  package func newestLedgers(
    clusterID: ClusterID, topic: TopicName
  ) async throws(PostgresError) -> [Int32: LedgerState] {
    var ledgers: [Int32: LedgerState] = [:]
    for row in try await connection.query("SELECT * FROM lectern.newest_ledgers($1, $2)", [.id(clusterID), .id(topic)])
    { ledgers[try row.decode("partition")] = try LedgerState(row) }
    return ledgers
  }

  /// The marks of a ledger in the order of their offsets: a short history of what was stored from its log.
  package func marks(of ledgerID: Int32) async throws(PostgresError) -> [RecordMark] {
    try await connection.query("SELECT * FROM lectern.read_marks($1)", [.int4s([ledgerID])]).map(RecordMark.init(mark:))
  }

  /// Keeps the id of the topic that a claimed ledger reads, once its log was found to fit; unless it has one.
  package func noteTopic(_ id: TopicID, of ledger: LedgerState) async throws(PostgresError) {
    try await connection.query(
      "SELECT lectern.note_topic($1, $2, $3)", [.int4(ledger.ledgerID), .int8(ledger.epoch), .id(id)])
  }

  /// How far each partition of a topic was taken (the next offset), for those that have a ledger.
  package func progress(clusterID: ClusterID, topic: TopicName) async throws(PostgresError) -> [Int32: Int64] {
    try await newestLedgers(clusterID: clusterID, topic: topic).mapValues(\.nextOffset)
  }

  // MARK: Frames

  /// What the database knows of each session, in the order given. Ask for each session once.
  package func resolve(_ sessions: [SessionKey]) async throws(PostgresError) -> [SessionResolution] {
    guard !sessions.isEmpty else { return [] }
    let rows = try await connection.query(
      """
      SELECT course_id, consent, consent_since, erased_until, session_id, session_day, session_learner, session_course,
        last_seq, has_near_source
      FROM lectern.resolve_sessions($1, $2, $3, $4)
      """,
      [
        .texts(sessions.map(\.source.text)), .texts(sessions.map(\.courseID.text)),
        .uuids(sessions.map(\.learner)), .texts(sessions.map(\.sessionID.text)),
      ])
    try Self.check(rows.count, of: sessions.count, "resolving sessions")
    return try rows.map(SessionResolution.init)
  }

  /// The capture time of each stored sample, in the order given; nil where there is none.
  package func storedCaptures(of samples: [SampleKey]) async throws(PostgresError) -> [EventTime?] {
    guard !samples.isEmpty else { return [] }
    let rows = try await connection.query(
      "SELECT captured_at FROM lectern.stored_frames($1, $2, $3)",
      [
        .dates(samples.map(\.sessionDay)), .int8s(samples.map(\.sessionID)), .int4s(samples.map(\.sequence)),
      ])
    try Self.check(rows.count, of: samples.count, "looking up samples")
    return try rows.map { (row) throws(PostgresError) in try row.decodeIfPresent("captured_at") }
  }

  private static func check(_ answers: Int, of questions: Int, _ operation: String) throws(PostgresError) {
    guard answers == questions else {
      throw PostgresError(
        code: .decoding, message: "\(answers) answers to \(questions) questions", operation: operation)
    }
  }

  /// Opens the session of a consented frame, or finds it open; consent and erasure are checked again under the privacy
  /// lock. The session's day is the UTC day of `capturedAt`.
  package func openSession(
    source: SourceID, sessionID: SessionID, courseID: Int64, learner: LearnerPseudonym, capturedAt: EventTime,
    frameIntervalMilliseconds: Int32
  ) async throws(PostgresError) -> SessionOpening {
    let row = try await connection.query(
      "SELECT * FROM lectern.open_session($1, $2, $3, $4, $5, $6)",
      [
        .id(source), .id(sessionID), .int8(courseID), .uuid(learner), .timestamp(capturedAt),
        .int4(frameIntervalMilliseconds),
      ]
    ).single()
    let verdict: String = try row.decode("verdict")
    if verdict == "open" {
      return .open(
        SessionRow(
          id: try row.decode("session_id"), day: try row.decode("session_day"),
          learner: try row.decode("learner"), courseID: try row.decode("course_id")))
    }
    guard let code = RejectCode(rawValue: verdict) else {
      throw PostgresError(code: .decoding, message: "unknown verdict", operation: "opening a session")
    }
    return .refused(code)
  }

  /// Stores a batch and moves its ledger, all or nothing. `.fenced` (LF001) means the ledger is not where `step`
  /// expects it, or belongs to a newer claim.
  package func store(_ batch: StoreBatch) async throws(PostgresError) -> StoreResult {
    let row = try await connection.query(StoreStatement.sql, StoreStatement.parameters(batch)).single()
    return StoreResult(
      samples: try row.decode("samples"), rejects: try row.decode("rejects"), duplicates: try row.decode("duplicates"),
      consentLost: try row.decode("consent_lost"), sequenceReused: try row.decode("sequence_reused"))
  }

  /// Applies control records in order and moves their ledger, all or nothing; fenced like `store`.
  package func applyControl(_ batch: ControlBatch) async throws(PostgresError) -> ControlResult {
    try await ControlStatement.run(connection, step: batch.step, events: batch.events, rejects: batch.rejects)
  }

  // MARK: The deployment

  /// Makes missing partitions. Returns how many it made, and the last day there is a partition for (nil: none).
  package func premake() async throws(PostgresError) -> (created: Int32, lastDay: CalendarDay?) {
    let row = try await connection.query("SELECT created, last_day FROM lectern.premake()").single()
    return (try row.decode("created"), try row.decodeIfPresent("last_day"))
  }

  /// Whether the pseudonym secret is this database's. The first secret that asks becomes it.
  package func checkSecretFingerprint(_ fingerprint: String) async throws(PostgresError) -> Bool {
    try await connection.query("SELECT lectern.check_secret($1)", [.text(fingerprint)]).value()
  }

  /// Whether the pseudonym secret is this database's; nil where none has asked yet. Writes nothing.
  package func knowsSecretFingerprint(_ fingerprint: String) async throws(PostgresError) -> Bool? {
    let rows = try await connection.query("SELECT lectern.knows_secret($1) AS known", [.text(fingerprint)])
    return try rows.first?.decodeIfPresent("known")
  }

  /// Makes a model bundle known, once, and returns its key for `StoreBatch.modelID`.
  package func registerModel(_ model: ModelDescription) async throws(PostgresError) -> Int32 {
    try await connection.query("SELECT lectern.register_model($1, $2, $3, $4, $5)", model.parameters).value()
  }
}

extension LedgerState {
  init(_ row: PostgresRow) throws(PostgresError) {
    ledgerID = try row.decode("ledger_id")
    epoch = try row.decode("epoch")
    nextOffset = try row.decode("next_offset")
    last = try RecordMark(row)
    topicID = try row.decodeIfPresent("topic_id")
  }
}

extension RecordMark {
  init?(_ row: PostgresRow) throws(PostgresError) {
    guard let offset: Int64 = try row.decodeIfPresent("last_offset") else { return nil }
    self.init(
      offset: offset, timestampMilliseconds: try row.decodeIfPresent("last_timestamp_ms"),
      idHash: try row.decodeIfPresent("last_id_hash") ?? 0,
      leaderEpoch: try row.decodeIfPresent("last_leader_epoch"))
  }
}

extension RecordMark {
  /// Reads a row of `lectern.ledger_mark`.
  init(mark row: PostgresRow) throws(PostgresError) {
    self.init(
      offset: try row.decode("log_offset"), timestampMilliseconds: try row.decodeIfPresent("timestamp_ms"),
      idHash: try row.decode("id_hash"), leaderEpoch: try row.decodeIfPresent("leader_epoch"))
  }
}

extension SessionResolution {
  /// Reads a row of `resolve`'s statement.
  init(_ row: PostgresRow) throws(PostgresError) {
    var columns = row.columns
    let courseID: Int64? = try columns.nextIfPresent()
    let granted: Bool? = try columns.nextIfPresent()
    let since: EventTime? = try columns.nextIfPresent()
    let erasedUntil: EventTime? = try columns.nextIfPresent()
    let sessionID: Int64? = try columns.nextIfPresent()
    let day: CalendarDay? = try columns.nextIfPresent()
    let learner: LearnerPseudonym? = try columns.nextIfPresent()
    let sessionCourse: Int64? = try columns.nextIfPresent()
    var session: SessionRow?
    if let sessionID, let day, let learner, let sessionCourse {
      session = SessionRow(id: sessionID, day: day, learner: learner, courseID: sessionCourse)
    }
    self.init(
      courseID: courseID, consent: since.map { .granted(since: $0) } ?? (granted == nil ? .unknown : .revoked),
      erasedUntil: erasedUntil, session: session, lastSequence: try columns.nextIfPresent(),
      hasNearSource: try columns.next())
  }
}
