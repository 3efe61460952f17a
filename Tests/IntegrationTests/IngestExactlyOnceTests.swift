import Ingest
import KafkaIO
import LearningEvents
import LogCapturing
import Persistence
import PostgresIO
import Recognition
import Synchronization
import Telemetry
import TestSupport
import Testing

extension Broker {
  /// Workers that come, go, share a group and lose their database, and every frame stored exactly once.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct IngestExactlyOnceTests {
    private static let partitions: Int32 = 6
    private static let frames = 300

    /// Sends frames `range`, spread over all partitions, several learners.
    private func send(_ range: Range<Int>, to bench: IngestBench) async throws {
      try await withThrowingDiscardingTaskGroup { group in
        for partition in 0..<Self.partitions {
          group.addTask {
            for number in range where Int32(number) % Self.partitions == partition {
              try await bench.send(
                frame(number), image: IngestPictures.picture(number), partition: partition)
            }
          }
        }
      }
    }

    private func frame(_ number: Int) -> FrameEvent {
      let learner = number % Int(Self.partitions)
      return IngestBench.frame(
        session: "s\(learner)", sequence: Int32(number), learner: IngestBench.learner(learner))
    }

    /// Each frame has one sample, of its own picture, and nothing else happened.
    private func checkExactlyOnce(_ bench: IngestBench, frames: Int = frames) async throws {
      let samples = try await bench.samples()
      #expect(samples.count == frames)
      for number in 0..<frames {
        let frame = frame(number)
        let expected = IngestRecognizer.distribution(of: IngestPictures.picture(number)).tenThousandths
        #expect(samples["\(frame.sessionID)/\(number)"] == [expected], "frame \(number)")
      }
      let counters = try await bench.counters()
      #expect(counters.samples == Int64(frames))
      #expect((counters.rejects, counters.duplicates, counters.skipped) == (0, 0, 0))
      try await bench.checkArithmetic()
    }

    /// A recognizer that takes its time, so that a test can interfere in mid-stream.
    private func slow() -> IngestRecognizer {
      IngestRecognizer { requests in try await Task.sleep(for: .milliseconds(6) * requests.count) }
    }

    @Test func aWorkerStoppedInTheMiddleIsContinuedByTheNext() async throws {
      try await IngestBench.run(partitions: Int(Self.partitions)) { bench in
        try await bench.announce(learners: Int(Self.partitions))
        try await send(0..<Self.frames, to: bench)
        let first = bench.start(slow())
        try await bench.settle(40, by: first)
        try await first.stop()
        let stored = try await bench.progress()
        #expect((40..<Int64(Self.frames)).contains(stored), "stopped too late to show anything")
        let second = bench.start(slow())
        try await bench.settle(Int64(Self.frames), by: second)
        try await second.stop()
        try await checkExactlyOnce(bench)
      }
    }

    /// A part that cannot go on ends the others in order: what was recognised is stored, the group is left, the
    /// database closed, and the error is the worker's.
    @Test(.timeLimit(.minutes(2))) func aPartThatFailsEndsTheWorkerInOrderAndIsContinuedByTheNext() async throws {
      try await IngestBench.run(partitions: Int(Self.partitions)) { bench in
        try await bench.announce(learners: Int(Self.partitions))
        try await send(0..<Self.frames, to: bench)
        let rest = Atomic(100)
        let first = bench.start(
          IngestRecognizer { requests in
            guard rest.subtract(requests.count, ordering: .relaxed).newValue >= 0 else {
              throw RecognitionError(.wrongShape, "one number")
            }
          }, applicationName: "failing-worker")
        let error = await #expect(throws: RecognitionError.self) { try await first.end() }
        #expect(error?.code == .wrongShape)
        #expect(try await bench.progress() < Int64(Self.frames))
        while try await bench.number(
          "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'failing-worker'") > 0
        {
          try await Task.sleep(for: .milliseconds(20))
        }
        let second = bench.start(IngestRecognizer())
        try await bench.settle(Int64(Self.frames), by: second)
        try await second.stop()
        try await checkExactlyOnce(bench)
      }
    }

    /// One row that the server does not survive: it is asked for less and less often, and alone, so that what comes
    /// before it in its batch is stored.
    @Test(.timeLimit(.minutes(2))) func aRecordThatEndsEveryConnectionIsTriedLessAndLessOftenAndAlone() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        try await bench.owner.execute(
          """
          CREATE FUNCTION lectern.fall() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
          'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'
          """)
        try await bench.owner.execute(
          """
          CREATE TRIGGER fall BEFORE INSERT ON lectern.emotion_sample FOR EACH ROW WHEN (NEW.seq = 25)
          EXECUTE FUNCTION lectern.fall()
          """)
        func frame(_ number: Int) -> FrameEvent { IngestBench.frame(session: "s", sequence: Int32(number)) }
        for number in 0..<40 {
          try await bench.send(frame(number), image: IngestPictures.picture(number), partition: 0)
        }
        let worker = bench.start(IngestRecognizer())
        try await bench.settle(25, by: worker)
        func failures() -> Int { bench.log.messages.count { $0 == "a database call failed and is repeated" } }
        // By now the wait is more than a second, and soon ten.
        try await Task.sleep(for: .seconds(5))
        let before = failures()
        try await Task.sleep(for: .seconds(5))
        #expect(failures() - before <= 4)
        #expect(!worker.hasEnded)
        #expect(try await bench.progress() == 25)
        try await bench.owner.execute("DROP TRIGGER fall ON lectern.emotion_sample")
        try await bench.settle(40, by: worker)
        try await worker.stop()
        #expect(try await bench.counters().samples == 40)
        try await bench.checkArithmetic()
      }
    }

    /// A batch that the server cannot store within the statement's deadline comes in smaller pieces until it can.
    ///
    /// Five rows never end in time and four at once, so that a busy machine changes nothing.
    @Test(.timeLimit(.minutes(8))) func aBatchThatTakesTooLongIsStoredInPieces() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        try await bench.owner.execute(
          """
          CREATE FUNCTION lectern.dawdle() RETURNS trigger LANGUAGE plpgsql AS
          $$BEGIN
            PERFORM set_config(
              'test.rows', (coalesce(nullif(current_setting('test.rows', true), ''), '0')::integer + 1)::text, true);
            IF current_setting('test.rows')::integer > 4 THEN PERFORM pg_sleep(600); END IF;
            RETURN NEW;
          END$$;
          CREATE TRIGGER dawdle BEFORE INSERT ON lectern.emotion_sample FOR EACH ROW EXECUTE FUNCTION lectern.dawdle()
          """)
        for number in 0..<8 {
          try await bench.send(
            IngestBench.frame(session: "s", sequence: Int32(number)), image: IngestPictures.picture(number),
            partition: 0)
        }
        let worker = bench.start(IngestRecognizer(), statementDeadline: .seconds(2))
        try await bench.settle(8, by: worker, within: .seconds(300))
        try await worker.stop()
        #expect(bench.logLines.contains { $0.contains("57014") })
        #expect(try await bench.counters().samples == 8)
        try await bench.checkArithmetic()
      }
    }

    /// A number that comes again with a picture that is too large becomes the same reject whether the first is stored
    /// by then.
    @Test(arguments: [1, 100]) func aReusedNumberIsJudgedTheSameWhereverItsBatchEnds(batchRecords: Int) async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        let first = IngestBench.frame(session: "s", sequence: 0)
        var second = first
        second.capturedAt = first.capturedAt.advanced(by: .seconds(1))
        try await bench.send(first, image: IngestPictures.picture(0), partition: 0)
        try await bench.send(second, image: IngestPictures.bomb(), partition: 0)
        try await bench.send(second, image: IngestPictures.picture(1), partition: 0)
        let worker = bench.start(IngestRecognizer()) { $0.batchRecords = batchRecords }
        try await bench.settle(3, by: worker)
        try await worker.stop()
        #expect(try await bench.rejects(partition: 0).map(\.code) == ["too_large", "sequence_reused"])
        try await bench.checkArithmetic()
      }
    }

    @Test func twoWorkersShareAGroupFromTheBeginning() async throws {
      try await IngestBench.run(partitions: Int(Self.partitions)) { bench in
        try await bench.announce(learners: Int(Self.partitions))
        let recognizers = [slow(), slow()]
        let workers = recognizers.map { bench.start($0) }
        for worker in workers { try await worker.becomeReady() }
        try await send(0..<Self.frames, to: bench)
        try await bench.settle(Int64(Self.frames), by: workers[0], workers[1])
        for worker in workers { try await worker.stop() }
        try await checkExactlyOnce(bench)
        #expect(recognizers.allSatisfy { $0.count > 0 }, "one of them did everything")
      }
    }

    @Test func aSecondWorkerJoinsInTheMiddleAndTheFirstLeaves() async throws {
      try await IngestBench.run(partitions: Int(Self.partitions)) { bench in
        try await bench.announce(learners: Int(Self.partitions))
        try await send(0..<100, to: bench)
        let recognizers = [slow(), slow()]
        let first = bench.start(recognizers[0])
        try await bench.settle(20, by: first)
        let second = bench.start(recognizers[1])
        // The first is given something to do as long as the group changes.
        var sent = 100
        let deadline = ContinuousClock.now + .seconds(30)
        while recognizers[1].count == 0, ContinuousClock.now < deadline {
          try await send(sent..<(sent + 12), to: bench)
          sent += 12
          try await Task.sleep(for: .milliseconds(100))
        }
        #expect(recognizers[1].count > 0, "the second got nothing to do")
        try await send(sent..<(sent + 60), to: bench)
        sent += 60
        try await first.stop()
        try await bench.settle(Int64(sent), by: second)
        try await second.stop()
        try await checkExactlyOnce(bench, frames: sent)
      }
    }

    @Test func cutDatabaseConnectionsAreSurvived() async throws {
      try await IngestBench.run(partitions: Int(Self.partitions)) { bench in
        try await bench.announce(learners: Int(Self.partitions))
        try await send(0..<Self.frames, to: bench)
        let worker = bench.start(slow(), applicationName: "cut-me")
        var cuts: Int64 = 0
        for goal in stride(from: Int64(20), to: Int64(Self.frames), by: 60) {
          try await bench.settle(goal, by: worker)
          cuts += try await bench.number(
            """
            SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'cut-me'
            """)
        }
        try await bench.settle(Int64(Self.frames), by: worker)
        try await worker.stop()
        #expect(cuts >= 3)
        #expect(bench.log.messages.contains("a database call failed and is repeated"))
        try await checkExactlyOnce(bench)
      }
    }
  }
}
