import Cryptography
import LearningEvents
import Persistence
import PostgresIO
import TestSupport
import Testing

extension Database {
  /// `lectern.store` and the ledger it moves.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct StoreTests {
    typealias Fixture = PostgresIngestFixture

    private func withFixture(_ body: (inout Fixture) async throws -> Void) async throws {
      try await withTestDatabase { database in
        var fixture = try await Fixture(database)
        try await body(&fixture)
        await fixture.close()
      }
    }

    @Test func everyRecordIsCountedOnceAndTheLedgerAddsUp() async throws {
      try await withFixture { fixture in
        let samples = [
          fixture.sample(offset: 0, sequence: 0), fixture.sample(offset: 1, session: 1, sequence: 0),
          fixture.sample(offset: 3, sequence: 1, status: .noFace),
        ]
        let result = try await fixture.repository.store(
          fixture.batch(samples, rejects: [fixture.reject(offset: 2)], skipped: 2, knownDuplicates: 1))
        #expect(result == StoreResult(samples: 3, rejects: 1, duplicates: 1, consentLost: 0, sequenceReused: 0))
        let counters = try await fixture.counters()
        #expect(counters.accounted == 7)
        #expect((counters.samples, counters.rejects, counters.duplicates, counters.skipped) == (3, 1, 1, 2))
        let state = try await fixture.repository.ledgers([fixture.claim.ledgerID, 999])
        #expect(
          state == [
            fixture.claim.ledgerID: LedgerState(
              ledgerID: fixture.claim.ledgerID, epoch: fixture.claim.epoch, nextOffset: 7,
              last: RecordMark(offset: 6, timestampMilliseconds: fixture.noon.milliseconds, idHash: 42))
          ])
        #expect(try await fixture.number("SELECT count(*) FROM lectern.rollup_dirty") == 2)
        let rejects = try await LedgerRepository(connection: fixture.owner).rejectCounts(topic: Fixture.topic)
        #expect(rejects == [.badImage: 1])
      }
    }

    /// One mark a second, whatever the batches; of a long history the latest, and ever fewer before them.
    @Test func marksThinOutWithAge() async throws {
      try await withFixture { fixture in
        _ = try await fixture.repository.store(fixture.batch([fixture.sample(offset: 0, sequence: 0)]))
        let id = fixture.claim.ledgerID
        let first = RecordMark(offset: 0, timestampMilliseconds: fixture.noon.milliseconds, idHash: 42)
        #expect(try await fixture.repository.marks(of: id) == [first])
        // Within the second nothing is added; a record without a time is marked like others; a clock that went back
        // does not stop them.
        try await fixture.owner.execute(
          """
          UPDATE lectern.ledger_mark SET marked_at = clock_timestamp() + interval '1 hour';
          SELECT lectern.mark_ledger(\(id), 3, NULL, 7, NULL);
          UPDATE lectern.ledger_mark SET marked_at = clock_timestamp();
          SELECT lectern.mark_ledger(\(id), 4, 5, 8, NULL);
          """)
        let second = RecordMark(offset: 3, timestampMilliseconds: nil, idHash: 7)
        #expect(try await fixture.repository.marks(of: id) == [first, second])
        try await fixture.owner.execute(
          """
          DO $$ BEGIN
            FOR n IN 3..1000 LOOP
              UPDATE lectern.ledger_mark SET marked_at = clock_timestamp() - interval '2 seconds'
              WHERE marked_at > clock_timestamp() - interval '1 second';
              PERFORM lectern.mark_ledger(\(id), n * 10, n, n, NULL);
            END LOOP;
          END $$
          """)
        let kept = try await fixture.repository.marks(of: id).map { Int($0.offset / 10) }
        #expect(kept == (3...1000).filter { 1000 - $0 < 16 << $0.trailingZeroBitCount })
        #expect(kept.suffix(16) == Array(985...1000) && kept.first! < 100 && kept.count < 80)
      }
    }

    @Test func aSampleHoldsWhatWasMeasuredAndThePseudonym() async throws {
      try await withFixture { fixture in
        _ = try await fixture.repository.store(fixture.batch([fixture.sample(offset: 0, session: 1, sequence: 5)]))
        let row = try await fixture.owner.query("SELECT * FROM lectern.emotion_sample").single()
        let learner: LearnerPseudonym = try row.decode("learner")
        #expect(learner == Fixture.learner(1))
        #expect(try row.decode("seq", as: Int32.self) == 5)
        #expect(try row.decode("p_focused", as: Int16.self) == 5000)
        #expect(try row.decode("p_happy", as: Int16.self) == 1000)
        #expect(try row.decode("label", as: Int16.self) == 0)
        #expect(try row.decode("status", as: Int16.self) == 0)
        #expect(try row.decode("quality", as: Int16.self) == 8000)
        #expect(try row.decode("log_offset", as: Int64.self) == 0)
        #expect(try row.decode("model_id", as: Int32.self) == fixture.modelID)
        #expect(
          try row.decode("captured_at", as: EventTime.self).microseconds
            == fixture.noon.advanced(by: .seconds(5)).microseconds)
        // Nowhere in the database does the LMS's learner id appear.
        let leaks = try await fixture.number(
          """
          SELECT count(*) FROM (SELECT x::text FROM lectern.consent x UNION ALL SELECT x::text FROM lectern.session x
            UNION ALL SELECT x::text FROM lectern.emotion_sample x) t (line) WHERE line LIKE '%learner-%'
          """)
        #expect(leaks == 0)
      }
    }

    @Test func aSecondDeliveryIsADuplicateAtAnyOffset() async throws {
      try await withFixture { fixture in
        _ = try await fixture.repository.store(fixture.batch([fixture.sample(offset: 0, sequence: 0)]))
        let result = try await fixture.repository.store(
          fixture.batch(
            [fixture.sample(offset: 1, sequence: 0), fixture.sample(offset: 2, sequence: 1)], from: 1))
        #expect(result == StoreResult(samples: 1, rejects: 0, duplicates: 1, consentLost: 0, sequenceReused: 0))
        #expect(try await fixture.number("SELECT count(*) FROM lectern.emotion_sample") == 2)
        #expect(try await fixture.counters().accounted == 3)
      }
    }

    @Test func theSameSequenceAtAnotherTimeIsRejected() async throws {
      try await withFixture { fixture in
        _ = try await fixture.repository.store(fixture.batch([fixture.sample(offset: 0, sequence: 0)]))
        let result = try await fixture.repository.store(
          fixture.batch(
            [fixture.sample(offset: 1, sequence: 0, capturedAt: fixture.noon.advanced(by: .seconds(1)))], from: 1))
        #expect(result == StoreResult(samples: 0, rejects: 1, duplicates: 0, consentLost: 0, sequenceReused: 1))
        #expect(
          try await LedgerRepository(connection: fixture.owner).rejectCounts(topic: Fixture.topic)
            == [.sequenceReused: 1])
      }
    }

    /// As when a page is loaded anew and counts from the beginning.
    @Test func whatABatchHasTwiceIsFoundByItsEvent() async throws {
      try await withFixture { fixture in
        var twice = [
          fixture.sample(offset: 0, sequence: 0),
          fixture.sample(offset: 1, sequence: 0, capturedAt: fixture.noon.advanced(by: .seconds(9))),
        ]
        for index in twice.indices { twice[index].eventID = EventID("event-\(index)") }
        let result = try await fixture.repository.store(fixture.batch(twice))
        #expect((result.samples, result.sequenceReused) == (1, 1))
        let rejects = try await RejectRepository(connection: fixture.owner).records(RejectFilter(), limit: 2)
        #expect(rejects.map(\.reference.eventID) == ["event-1"])
      }
    }

    /// Of records with one identity in one batch the first is stored, the others are judged against it.
    @Test func repetitionsInsideABatchAreJudgedToo() async throws {
      try await withFixture { fixture in
        let samples = [
          fixture.sample(offset: 3, sequence: 1),
          fixture.sample(offset: 2, sequence: 0, capturedAt: fixture.noon.advanced(by: .seconds(9))),
          fixture.sample(offset: 1, sequence: 0), fixture.sample(offset: 0, sequence: 0),
        ]
        let result = try await fixture.repository.store(fixture.batch(samples))
        #expect(result == StoreResult(samples: 2, rejects: 1, duplicates: 1, consentLost: 0, sequenceReused: 1))
        #expect(try await fixture.number("SELECT log_offset FROM lectern.emotion_sample WHERE seq = 0") == 0)
        #expect(try await fixture.number("SELECT log_offset FROM lectern.ingest_reject") == 2)
      }
    }

    @Test func consentLostMeanwhileTurnsFramesIntoRejects() async throws {
      try await withFixture { fixture in
        let courses = CourseRepository(connection: fixture.owner)
        let late = fixture.noon.advanced(by: .seconds(-3600))
        try await courses.apply([Fixture.consent(0, granted: false, at: late)])
        let result = try await fixture.repository.store(
          fixture.batch([
            fixture.sample(offset: 0, sequence: 0), fixture.sample(offset: 1, session: 1, sequence: 0),
            // Captured before the revocation's cutoff (the present clock), so it is erased rather than unconsented.
            fixture.sample(
              offset: 2, sequence: 1, capturedAt: EventTime(microseconds: fixture.noon.microseconds - 86_400_000_000)),
            fixture.sample(offset: 3, sequence: 2, capturedAt: fixture.noon.advanced(by: .seconds(86_400))),
          ]))
        #expect(result.samples == 1)
        #expect(result.rejects == 3)
        #expect(result.consentLost == 3)
        let codes = try await fixture.owner.query("SELECT code FROM lectern.ingest_reject ORDER BY log_offset")
        let names = try codes.map { try $0.decode(at: 0, as: String.self) }
        #expect(Array(names.suffix(2)) == ["erased", "no_consent"])
        #expect(try await fixture.counters().accounted == 4)
      }
    }

    @Test func aFenceUndoesEverything() async throws {
      try await withFixture { fixture in
        let stale = fixture.claim
        let again = try await fixture.repository.claim(Fixture.log(), group: Fixture.group, lowWatermark: 0)
        fixture.claim = again.ledger
        #expect(fixture.claim.epoch > stale.epoch)
        #expect(!again.isNew)
        var batch = fixture.batch([fixture.sample(offset: 0, sequence: 0)], rejects: [fixture.reject(offset: 1)])
        batch.step.epoch = stale.epoch
        let old = await #expect(throws: PostgresError.self) { try await fixture.repository.store(batch) }
        #expect(old?.code == .fenced)
        #expect(old?.severity == .fenced)
        // Another offset than the ledger's is fenced as well.
        let ahead = await #expect(throws: PostgresError.self) {
          try await fixture.repository.store(fixture.batch([fixture.sample(offset: 5, sequence: 0)], from: 5))
        }
        #expect(ahead?.code == .fenced)
        for table in ["emotion_sample", "ingest_reject", "rollup_dirty"] {
          #expect(try await fixture.number("SELECT count(*) FROM lectern.\(table)") == 0, "\(table)")
        }
        #expect(try await fixture.counters() == LedgerCounters())
      }
    }

    /// The answer to a store was lost and it is sent again: the ledger says it is done, nothing else does.
    @Test func whatTellsALogFromAnotherIsKept() async throws {
      try await withFixture { fixture in
        var batch = fixture.batch([fixture.sample(offset: 0, sequence: 0)])
        batch.step.last?.leaderEpoch = 7
        _ = try await fixture.repository.store(batch)
        let id = fixture.claim.ledgerID
        #expect(try await fixture.repository.ledgers([id])[id]?.last?.leaderEpoch == 7)
        #expect(try await fixture.repository.marks(of: id).map(\.leaderEpoch) == [7])
        try await fixture.repository.noteTopic("first", of: fixture.claim)
        // Once something was read the topic is known by its id for good, and to the holder of the claim alone.
        try await fixture.repository.noteTopic("second", of: fixture.claim)
        let again = try await fixture.repository.claim(Fixture.log(), group: Fixture.group, lowWatermark: 0).ledger
        #expect(again.topicID == "first" && again.last?.leaderEpoch == 7)
        // Before that every claim says anew which it is.
        for name: TopicID in ["first", "second"] {
          let empty = try await fixture.repository.claim(
            Fixture.log(partition: 1), group: Fixture.group, lowWatermark: 0
          ).ledger
          #expect(empty.topicID == nil)
          try await fixture.repository.noteTopic(name, of: empty)
        }
        #expect(
          try await fixture.repository.newestLedgers(clusterID: "cluster", topic: Fixture.topic)[1]?.topicID == "second"
        )
        let rows = try await LedgerRepository(connection: fixture.owner).ledgers()
        #expect(rows.map(\.topicID) == ["first", "second"])
        fixture.claim = again
      }
    }

    @Test func aBatchSentTwiceIsFencedTheSecondTime() async throws {
      try await withFixture { fixture in
        let batch = fixture.batch([fixture.sample(offset: 0, sequence: 0)], rejects: [fixture.reject(offset: 1)])
        _ = try await fixture.repository.store(batch)
        let error = await #expect(throws: PostgresError.self) { try await fixture.repository.store(batch) }
        #expect(error?.code == .fenced)
        let counters = try await fixture.counters()
        #expect((counters.samples, counters.rejects, counters.duplicates) == (1, 1, 0))
      }
    }

    @Test func aBatchThatDoesNotAddUpIsRefused() async throws {
      try await withFixture { fixture in
        var batch = fixture.batch([fixture.sample(offset: 0, sequence: 0)])
        batch.step.nextOffset += 1
        let error = await #expect(throws: PostgresError.self) { try await fixture.repository.store(batch) }
        #expect(error?.code.rawValue == "23514")
        #expect(error?.description.contains("ledger_adds_up") == true)
        let samples = try await fixture.number("SELECT count(*) FROM lectern.emotion_sample")
        #expect(samples == 0)
      }
    }

    @Test func aDayWithoutAPartitionIsAnErrorOfTheData() async throws {
      try await withFixture { fixture in
        var sample = fixture.sample(offset: 0, sequence: 0)
        sample.sessionDay = sample.sessionDay.advanced(by: -400)
        let error = await #expect(throws: PostgresError.self) {
          try await fixture.repository.store(fixture.batch([sample]))
        }
        #expect(error?.severity == .data)
      }
    }

    @Test func aLogOfAnotherGroupCannotBeClaimed() async throws {
      try await withFixture { fixture in
        let error = await #expect(throws: PostgresError.self) {
          try await fixture.repository.claim(Fixture.log(), group: "another", lowWatermark: 0)
        }
        #expect(error?.code == .otherGroup)
        #expect(error?.severity == .fatal)
        #expect(
          try await fixture.repository.ledgers([fixture.claim.ledgerID]).values.map(\.epoch) == [fixture.claim.epoch])
        let fresh = try await fixture.repository.claim(Fixture.log(partition: 1), group: "another", lowWatermark: 17)
        #expect(fresh.isNew)
        #expect(fresh.ledger.nextOffset == 17)
        #expect(fresh.ledger.last == nil)
        #expect(
          try await fixture.repository.progress(clusterID: "cluster", topic: Fixture.topic) == [0: 0, 1: 17])
      }
    }

    @Test func resolvingSaysWhatIsKnownInTheOrderAsked() async throws {
      try await withFixture { fixture in
        _ = try await fixture.repository.store(
          fixture.batch([fixture.sample(offset: 0, sequence: 3), fixture.sample(offset: 1, sequence: 5)]))
        func key(_ learner: Int, course: CourseID = "course-1", session: Int? = nil) -> SessionKey {
          SessionKey(
            source: Fixture.source, courseID: course, learner: Fixture.learner(learner),
            sessionID: "session-\(session ?? learner)")
        }
        var foreign = key(0)
        foreign.source = "https://other.example.org"
        let known = try await fixture.repository.resolve([
          key(7), key(0), key(1, session: 0), key(1, course: "course-9"), foreign,
        ])
        #expect(known.map(\.courseID) == [fixture.courseID, fixture.courseID, fixture.courseID, nil, nil])
        // (The pseudonym holds the source, so a real foreign frame has another learner too.)
        #expect(known.map { $0.consent == .unknown } == [true, false, false, false, false])
        #expect(
          known.map(\.session) == [nil, fixture.sessions[0], fixture.sessions[0], fixture.sessions[1], nil])
        #expect(known.map(\.lastSequence) == [nil, 5, 5, nil, nil])
        #expect(known.allSatisfy { $0.erasedUntil == nil })
        #expect(try await fixture.repository.resolve([]).isEmpty)
      }
    }

    @Test func storedFramesAreLookedUpInTheOrderAsked() async throws {
      try await withFixture { fixture in
        _ = try await fixture.repository.store(
          fixture.batch([fixture.sample(offset: 0, sequence: 5), fixture.sample(offset: 1, session: 1, sequence: 2)]))
        func key(_ session: Int, _ sequence: Int32) -> SampleKey {
          SampleKey(
            sessionDay: fixture.sessions[session].day, sessionID: fixture.sessions[session].id, sequence: sequence)
        }
        let captures = try await fixture.repository.storedCaptures(of: [key(1, 2), key(0, 2), key(0, 5), key(1, 5)])
        #expect(
          captures == [fixture.noon.advanced(by: .seconds(2)), nil, fixture.noon.advanced(by: .seconds(5)), nil])
        #expect(try await fixture.repository.storedCaptures(of: []).isEmpty)
      }
    }

    /// Two workers store the same frames from two partitions at once: each frame is stored once.
    @Test func twoConnectionsAtOnceStoreEachFrameOnce() async throws {
      try await withTestDatabase { database in
        let fixture = try await Fixture(database)
        var other = fixture
        other.claim = try await fixture.repository.claim(
          Fixture.log(partition: 1), group: Fixture.group, lowWatermark: 0
        ).ledger
        let second = IngestRepository(connection: try await database.connect(role: "lectern_ingest"))
        let (one, two) = (fixture, other)
        for round in 0..<10 {
          let start = Int64(round * 200)
          let samples = (0..<200).map { index in
            fixture.sample(offset: start + Int64(index), session: index % 2, sequence: Int32(round * 200 + index))
          }
          async let first = fixture.repository.store(one.batch(samples, from: start))
          async let last = second.store(two.batch(samples.reversed(), from: start))
          let (a, b) = try await (first, last)
          #expect(a.samples + b.samples == 200)
          #expect(a.duplicates + b.duplicates == 200)
        }
        #expect(try await fixture.number("SELECT count(*) FROM lectern.emotion_sample") == 2000)
        #expect(try await fixture.counters().accounted == 4000)
        await second.close()
        await fixture.close()
      }
    }

    @Test func anotherSecretIsRefused() async throws {
      try await withFixture { fixture in
        let first = try await fixture.repository.checkSecretFingerprint("0123456789abcdef")
        let again = try await fixture.repository.checkSecretFingerprint("0123456789abcdef")
        let other = try await fixture.repository.checkSecretFingerprint("fedcba9876543210")
        #expect(first && again)
        #expect(!other)
      }
    }

    @Test func aModelIsRegisteredOnce() async throws {
      try await withFixture { fixture in
        #expect(try await fixture.repository.registerModel(Fixture.model) == fixture.modelID)
        let model = try await ModelRepository(connection: fixture.owner).model(id: Fixture.model.id)
        #expect(model == Fixture.model)
        #expect(try await ModelRepository(connection: fixture.owner).models(ofCourse: fixture.courseID).isEmpty)
      }
    }
  }
}
