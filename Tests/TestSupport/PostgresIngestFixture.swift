package import Cryptography
package import LearningEvents
package import Persistence
package import PostgresIO

/// A course, learners who consent, their open sessions and a claimed log: what a store needs to be about itself.
package struct PostgresIngestFixture: Sendable {
  package static let source: SourceID = "https://lms.example.org"
  package static let topic = EventTopics.frames
  package static let group = "lectern"
  package static let pseudonymizer = LearnerPseudonymizer(secret: [UInt8](repeating: 7, count: 32))

  /// Noon of the day the tests run, so that its partition exists and no test meets midnight.
  package let noon: EventTime
  package let repository: IngestRepository
  /// The server's superuser, for looking.
  package let owner: PostgresConnection
  package let courseID: Int64
  package let modelID: Int32
  package let sessions: [SessionRow]
  package var claim: LedgerState

  package init(_ database: TestDatabase, learners: Int = 2) async throws {
    owner = try await database.connect()
    repository = IngestRepository(connection: try await database.connect(role: "lectern_ingest"))
    let today: CalendarDay = try await owner.query("SELECT (now() AT TIME ZONE 'UTC')::date").single().decode(at: 0)
    let start = today.start
    noon = start.advanced(by: .seconds(12 * 3600))
    // Long ago, so that erasures and revocations of the test's own are newer.
    let early = EventTime(microseconds: 1_700_000_000_000_000)
    var events = [Self.course(at: early)]
    for index in 0..<learners { events.append(Self.consent(index, granted: true, at: early)) }
    try await CourseRepository(connection: owner).apply(events)
    courseID = try await owner.query("SELECT course_id FROM lectern.course").single().decode(at: 0)
    modelID = try await repository.registerModel(Self.model)
    var sessions: [SessionRow] = []
    for index in 0..<learners {
      let opening = try await repository.openSession(
        source: Self.source, sessionID: "session-\(index)", courseID: courseID, learner: Self.learner(index),
        capturedAt: noon, frameIntervalMilliseconds: 10_000)
      guard case .open(let session) = opening else { preconditionFailure("the fixture's learners consent") }
      sessions.append(session)
    }
    self.sessions = sessions
    claim = try await repository.claim(Self.log(), group: Self.group, lowWatermark: 0).ledger
  }

  package func close() async {
    await repository.close()
    await owner.close()
  }

  package static func log(partition: Int32 = 0) -> LogIdentity {
    LogIdentity(clusterID: "cluster", topic: topic, partition: partition)
  }

  package static var model: ModelDescription {
    ModelDescription(
      id: ModelID(String(repeating: "ab", count: 32)), labels: Emotion.allCases.map(\.name), isTrained: false,
      evaluationJSON: "{\"accuracy\": null}")
  }

  package static func learner(_ index: Int) -> LearnerPseudonym {
    pseudonymizer.pseudonym(source: source, learnerID: "learner-\(index)")
  }

  /// An event whose record was made an hour later, unless told otherwise.
  package static func consent(
    _ index: Int, scope: ConsentEvent.Scope = .analytics, granted: Bool, at time: EventTime,
    recordedAt: EventTime? = nil
  ) -> ControlRow {
    ControlRow(
      .consent(
        ConsentEvent(
          eventID: "consent", source: source, time: time, learnerID: "learner-\(index)", scope: scope, granted: granted)
      ),
      recordedAt: recordedAt ?? time.advanced(by: .seconds(3600)), pseudonymizer: pseudonymizer)
  }

  package static func course(
    at time: EventTime, title: String = "Signals", segments: [SegmentDefinition] = defaultSegments
  ) -> ControlRow {
    ControlRow(
      .course(
        CourseEvent(
          eventID: "course", source: source, time: time, courseID: "course-1", title: title, teachers: ["t1"],
          segments: segments)),
      recordedAt: time, pseudonymizer: pseudonymizer)
  }

  package static func session(_ index: Int, intervalMilliseconds: Int32?, at time: EventTime) -> ControlRow {
    ControlRow(
      .session(
        SessionEvent(
          eventID: "session", source: source, time: time, sessionID: "session-\(index)",
          frameIntervalMilliseconds: intervalMilliseconds)),
      recordedAt: time, pseudonymizer: pseudonymizer)
  }

  package static var defaultSegments: [SegmentDefinition] {
    (0..<2).map { index in
      SegmentDefinition(
        id: "segment-\(index)", title: "Part \(index)", ordinal: index,
        range: .media(startMilliseconds: Int64(index) * 60_000, endMilliseconds: Int64(index + 1) * 60_000))
    }
  }

  /// A classified sample of one of the sessions, captured `sequence` seconds after noon unless told otherwise.
  package func sample(
    offset: Int64, session index: Int = 0, sequence: Int32, capturedAt: EventTime? = nil,
    status: SampleStatus = .classified
  ) -> SampleRow {
    let session = sessions[index]
    let distribution = EmotionDistribution(probabilities: [0.5, 0.1, 0.1, 0.1, 0.1, 0.1] as [Double])
    return SampleRow(
      offset: offset, sessionDay: session.day, sessionID: session.id, sequence: sequence,
      capturedAt: capturedAt ?? noon.advanced(by: .seconds(Int64(sequence))),
      mediaPositionMilliseconds: Int64(offset) * 1000,
      segmentHint: nil, courseID: session.courseID, learner: session.learner, status: status, faceCount: 1,
      distribution: status == .classified ? distribution : nil, quality: 8000)
  }

  package func reject(offset: Int64, _ code: RejectCode = .badImage) -> RejectRow {
    RejectRow(offset: offset, code: code, detail: "no picture", recordTimestamp: noon)
  }

  /// The batch that takes the claimed log from `from` (its next offset by default) over these rows.
  package func batch(
    _ samples: [SampleRow], rejects: [RejectRow] = [], from: Int64? = nil, skipped: Int64 = 0,
    knownDuplicates: Int64 = 0
  ) -> StoreBatch {
    let expected = from ?? claim.nextOffset
    let next = expected + Int64(samples.count + rejects.count) + skipped + knownDuplicates
    return StoreBatch(
      step: LedgerStep(
        ledgerID: claim.ledgerID, epoch: claim.epoch, expectedOffset: expected, nextOffset: next, skipped: skipped,
        last: RecordMark(offset: next - 1, timestampMilliseconds: noon.milliseconds, idHash: 42)),
      modelID: modelID, samples: samples, rejects: rejects, knownDuplicates: knownDuplicates)
  }

  /// A number the owner counts or looks up.
  package func number(_ sql: String) async throws -> Int64 {
    try await owner.query("SELECT (\(sql))::bigint").single().decode(at: 0)
  }

  /// The only ledger's counters.
  package func counters() async throws -> LedgerCounters {
    try await LedgerRepository(connection: owner).totals(topic: Self.topic)
  }
}
