import Cryptography
import Foundation
import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Processes
import Telemetry
import TestSupport
import Testing

extension Operators {
  /// What people ask about one learner, and what is said elsewhere of one who withdrew.
  @Suite(
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted, "LECTERN_TEST_EXECUTABLE names no program"))
  struct LearnerCommandTests {
    private static func pseudonym(_ learner: LearnerID) -> String {
      LearnerPseudonymizer(secret: IngestBench.secret).pseudonym(source: IngestBench.source, learnerID: learner).uuid
    }

    /// Runs the program with a learner's id on its standard input.
    private func lectern(_ words: [String], of learner: LearnerID, _ bench: IngestBench) async throws -> ProcessResult {
      let script = #"printf '%s\n' "$LEARNER" | "$0" "$@""#
      let arguments = words + ["--source", IngestBench.source.text, "--learner", "-"]
      let command = ChildCommand(
        "/bin/sh", ["-c", script, try #require(builtExecutable)] + arguments,
        environment: bench.programEnvironment.merging(["LEARNER": learner.text]) { $1 })
      return try await ProcessLauncher().run(command, outputLimitBytes: 1 << 22, deadline: .seconds(120))
    }

    private func audited(_ action: String, _ bench: IngestBench) async throws -> Int64 {
      try await bench.number("SELECT count(*) FROM audit.entry WHERE action = '\(action)'")
    }

    /// A course, twelve learners who consent, four samples each, figures of them, and one erasure in the past.
    private func fill(_ bench: IngestBench) async throws {
      let learners = 12
      try await bench.announce(learners: learners)
      _ = try await bench.lectern([
        "erase", "--source", IngestBench.source.text, "--learner", IngestBench.learner(3).text, "--yes",
        "--database-only",
      ])
      try await bench.apply([
        .consent(
          ConsentEvent(
            eventID: "again", source: IngestBench.source, time: IngestBench.now.advanced(by: .seconds(1)),
            learnerID: IngestBench.learner(3), scope: .analytics, granted: true)),
        .session(
          SessionEvent(
            eventID: "session", source: IngestBench.source, time: IngestBench.now,
            sessionID: "s3-\(IngestBench.marker)", frameIntervalMilliseconds: 1000)),
      ])
      let worker = bench.start(IngestRecognizer())
      for learner in 0..<learners {
        for sequence in 0..<4 as Range<Int32> {
          var frame = IngestBench.frame(
            session: "s\(learner)", sequence: sequence, learner: IngestBench.learner(learner),
            capturedAt: IngestBench.now.advanced(by: .seconds(2)))
          // Sums by minute are of frames whose place in the lecture is known.
          frame.mediaPositionMilliseconds = Int64(sequence) * 1000
          try await bench.send(frame, image: IngestPictures.picture(learner * 100 + Int(sequence)))
        }
      }
      try await bench.settle(Int64(learners * 4), by: worker)
      try await worker.stop()
      try await bench.aggregate()
    }

    @Test(.timeLimit(.minutes(3))) func everythingThatIsStoredOfALearnerIsExported() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await fill(bench)
        let victim = IngestBench.learner(3)
        let result = try await lectern(["learner", "export"], of: victim, bench)
        #expect(result.status == .exited(0), "\(result.errorText)")
        #expect(!result.outputText.contains(victim.text))
        #expect(!result.outputText.contains(Self.pseudonym(IngestBench.learner(4))))
        let export = try #require(try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
        #expect(export["learner"] as? String == Self.pseudonym(victim))
        let tables = try #require(export["tables"] as? [String: Any])
        // Whatever table has learners: all rows, with all columns.
        let columns = try await bench.owner.query(
          """
          SELECT c.relname::text AS name, array_agg(b.attname::text) AS columns
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          JOIN pg_attribute b ON b.attrelid = c.oid AND b.attnum > 0 AND NOT b.attisdropped
          WHERE a.attname = 'learner' AND NOT a.attisdropped AND c.relnamespace = 'lectern'::regnamespace
            AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          GROUP BY c.relname
          """)
        #expect(columns.count >= 8)
        for row in columns {
          let name: String = try row.decode("name")
          let stored: Int64 = try await bench.owner.query(
            "SELECT count(*) FROM lectern.\(name) WHERE learner = $1::text::uuid", [.text(Self.pseudonym(victim))]
          ).value()
          #expect(stored > 0, "the test stores nothing in \(name)")
          let rows = tables[name] as? [[String: Any]] ?? []
          #expect(rows.count == Int(stored), "\(name)")
          let expected: [String] = try row.decode("columns")
          #expect(Set(rows.first?.keys.map(\.self) ?? []) == Set(expected), "\(name)")
        }
        for name in ["source", "course", "session_declaration", "model"] {
          #expect((tables[name] as? [Any])?.count == 1, "\(name)")
        }
        let lines = try #require(export["audit"] as? [[String: Any]])
        #expect(lines.map { $0["action"] as? String } == ["erase"])
        #expect(try await audited("learner.export", bench) == 1)
      }
    }

    @Test(.timeLimit(.minutes(3))) func whatIsKnownOfALearnerIsShownAndOnRecord() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await fill(bench)
        let victim = IngestBench.learner(3)
        let reads = try await audited("learner.read", bench)
        let shown = try await lectern(["learner", "show"], of: victim, bench)
        #expect(shown.status == .exited(0), "\(shown.errorText)")
        #expect(shown.outputText.contains("analytics        granted") && shown.outputText.contains("erasure"))
        #expect(shown.outputText.contains("samples      4\n") && shown.outputText.contains("sessions     1\n"))
        let consents = try await lectern(["consent", "show", "--json"], of: victim, bench)
        #expect(consents.status == .exited(0) && consents.outputText.contains(#""scope":"research""#))
        #expect(!consents.outputText.contains("samples\":4"))
        for text in [shown.outputText, consents.outputText] { #expect(!text.contains(victim.text)) }
        #expect(try await audited("learner.read", bench) == reads + 2)

        // Every consent is on one page, and each page says where the next one begins: of two rows each, so that one of
        // them ends between the three scopes of a learner.
        var (listed, after): ([String], [String]) = ([], [])
        repeat {
          let page = try await bench.lectern(["consent", "list", "--limit", "2", "--json"] + after)
          #expect(page.status == .exited(0) && !page.output.contains(IngestBench.marker), "\(page)")
          let object = try #require(
            try JSONSerialization.jsonObject(with: Data(page.output.utf8)) as? [String: Any])
          let rows = try #require(object["consents"] as? [[String: Any]])
          listed += rows.map { "\($0["learner"] ?? "")\($0["scope"] ?? "")" }
          after = (object["next"] as? String).map { ["--after", $0] } ?? []
        } while !after.isEmpty
        #expect(Set(listed).count == listed.count && listed.count == 14)
        let revoked = try await bench.lectern(["consent", "list", "--state", "revoked", "--scope", "research"])
        #expect(revoked.output.contains(Self.pseudonym(victim)) && revoked.output.split(separator: "\n").count == 2)
        #expect(try await audited("consent.list", bench) == 8)
      }
    }

    /// A slip of the pen must not look like a success, and must change nothing.
    @Test(.timeLimit(.minutes(3))) func aLearnerOrAnLMSThatNobodyKnowsIsAnError() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        let known = IngestBench.learner(0)
        let state = "SELECT count(*) FROM lectern.consent UNION ALL SELECT count(*) FROM lectern.erasure"
        let before: [Int64] = try await bench.owner.query(state).values()
        // Nor does whoever only reads make the database's secret their own.
        let owned = "SELECT count(*) FROM lectern.deployment WHERE secret_fingerprint IS NOT NULL"
        for words in [["learner", "show"], ["consent", "show"], ["erase"]] {
          _ = try await bench.lectern(words + ["--source", IngestBench.source.text, "--learner", "ghost99"])
          #expect(try await bench.number(owned) == 0, "\(words)")
        }
        let looks = try await audited("learner.read", bench)
        let slips: [(source: String, learner: LearnerID, said: String)] = [
          (IngestBench.source.text, "ghost99", "nothing is known of this learner"),
          (IngestBench.source.text + "/", known, "Known: '\(IngestBench.source)'"),
        ]
        for slip in slips {
          for words in [
            ["erase"], ["erase", "--yes"], ["consent", "revoke"], ["consent", "publish"], ["consent", "show"],
            ["learner", "show"], ["learner", "export"],
          ] {
            let result = try await bench.lectern(
              words + ["--source", slip.source, "--learner", slip.learner.text])
            #expect(result.status == .exited(1) && result.output.isEmpty, "\(words): \(result)")
            #expect(
              result.error.contains(slip.said) && !result.error.contains(slip.learner.text), "\(words): \(result)")
          }
        }
        let granted = try await bench.lectern([
          "consent", "grant", "--source", slips[1].source, "--learner", "new",
        ])
        #expect(granted.status == .exited(1) && granted.error.contains(slips[1].said), "\(granted)")
        #expect(try await bench.owner.query(state).values() == before)
        // That nobody knows a learner is an answer about one.
        #expect(try await audited("learner.read", bench) == looks + 15)
        // Who is new is granted a consent; whoever means it, names whom they like.
        for words in [
          ["consent", "grant", "--learner", "new"], ["consent", "revoke", "--learner", "ghost1", "--unknown"],
          ["erase", "--yes", "--learner", "ghost2", "--unknown"],
        ] {
          let result = try await bench.lectern(words + ["--source", IngestBench.source.text])
          #expect(result.status == .exited(0), "\(words): \(result)")
        }
        #expect(try await bench.owner.query(state).values() == [before[0] + 5, 1])
      }
    }

    /// A university that has consents on paper says when they were signed.
    @Test(.timeLimit(.minutes(3))) func aConsentHoldsFromWhenItWasGiven() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        func grant(_ time: [String]) async throws -> (status: Processes.ExitStatus, output: String, error: String) {
          try await bench.lectern(
            ["consent", "grant", "--source", IngestBench.source.text, "--learner", "paper"] + time)
        }
        let future = try await grant(["--time", "2190-01-01T00:00:00Z"])
        #expect(future.status == .exited(64) && future.error.contains("2190-01-01T00:00:00Z is to come"), "\(future)")
        let granted = try await grant(["--time", "2026-01-02T03:04:05Z"])
        #expect(granted.status == .exited(0), "\(granted)")
        let since = "SELECT since::text FROM lectern.consent WHERE since < '2026-01-03' AND granted"
        #expect(try await bench.owner.query(since).values() == ["2026-01-02 03:04:05+00"])
        let earlier = try await grant(["--time", "2026-01-01T00:00:00Z"])
        #expect(
          earlier.status == .exited(1)
            && earlier.error.contains("as of 2026-01-02T03:04:05Z, which is not before 2026-01-01T00:00:00Z"),
          "\(earlier)")
      }
    }

    @Test(.timeLimit(.minutes(3))) func aDatabaseFilledFromTheLogKnowsWhoWithdrew() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let (erased, revoked, stays) = (IngestBench.learner("e"), IngestBench.learner("r"), IngestBench.learner("s"))
        try await bench.send(IngestBench.courseEvent())
        for learner in [erased, revoked, stays] { try await bench.send(IngestBench.consentEvent(learner: learner)) }
        let worker = bench.start(IngestRecognizer())
        try await bench.wait(for: "the consents") {
          try await bench.number("SELECT count(*) FROM lectern.consent WHERE granted") == 3
        }
        for (words, learner) in [(["erase", "--yes"], erased), (["consent", "revoke"], revoked)] {
          let result = try await bench.lectern(
            words + ["--source", IngestBench.source.text, "--learner", learner.text])
          #expect(result.status == .exited(0), "\(result)")
          #expect((result.output + result.error).contains("told; keeps pictures"), "\(result)")
        }
        // What comes back from the log changes nothing here.
        try await bench.wait(for: "the withdrawals") {
          try await bench.number(
            "SELECT applied FROM lectern.ingest_ledger WHERE topic = '\(bench.controlTopic)'") == 8
        }
        try await worker.stop()
        #expect(try await bench.number("SELECT count(*) FROM lectern.erasure") == 2)

        try await withTestDatabase { second in
          let owner = try await second.connect()
          let again = IngestBench(
            server: bench.server, database: second, owner: owner, frameTopic: bench.frameTopic,
            controlTopic: bench.controlTopic, clusterID: bench.clusterID, producer: bench.producer)
          let worker = again.start(IngestRecognizer())
          try await again.wait(for: "the whole log") {
            try await again.number(
              "SELECT coalesce(sum(applied), 0) FROM lectern.ingest_ledger WHERE topic = '\(bench.controlTopic)'") == 8
          }
          let consenting = try await owner.query("SELECT learner FROM lectern.consent WHERE granted")
            .map { try $0.decode(at: 0, as: LearnerPseudonym.self).uuid }
          #expect(consenting == [Self.pseudonym(stays)])
          try await worker.stop()
          await owner.close()
        }
      }
    }

    /// The database comes first; what Kafka missed is told by saying it again.
    @Test(.timeLimit(.minutes(3))) func aWithdrawalWithoutKafkaHoldsAndIsToldOnceItIsRepeated() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce(learners: 2)
        func end() async throws -> Int64 {
          let (settings, topic) = (bench.server.settings, bench.controlTopic)
          return try await BlockingThread().run {
            try KafkaAdmin(settings: settings, logger: .silent)
              .watermarks(of: TopicPartition(topic: topic, partition: 0), timeout: .seconds(10)).high
          }
        }
        for (words, learner, told) in [(["erase", "--yes"], 0, 3), (["consent", "revoke"], 1, 1)] {
          let arguments =
            words + ["--source", IngestBench.source.text, "--learner", IngestBench.learner(learner).text]
          let away = try await bench.lectern(
            arguments, environment: ["LECTERN_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"])
          #expect(away.status == .exited(1), "\(away)")
          #expect((away.output + away.error).contains("not told: Kafka:"), "\(away)")
          #expect(away.error.contains("'lectern consent publish' tells the topic"), "\(away)")
          #expect(
            try await bench.number("SELECT count(*) FROM lectern.consent WHERE granted") == Int64(1 - learner))
          let before = try await end()
          let again = try await bench.lectern(["consent", "publish"] + arguments.suffix(4))
          #expect(again.status == .exited(0) && again.output == "\(told) withdrawn\n", "\(again)")
          #expect(try await end() == before + Int64(told))
          // Another LMS's topic is not told.
          let foreign = try await bench.lectern(
            ["consent", "publish"] + arguments.suffix(4),
            environment: ["LECTERN_KAFKA_SOURCES": "https://else.example"])
          #expect(foreign.status == .exited(1), "\(foreign)")
          #expect(foreign.error.contains("not told: LECTERN_KAFKA_SOURCES does not allow this LMS"), "\(foreign)")
          #expect(try await end() == before + Int64(told))
          let left = try await bench.lectern(arguments + ["--database-only"])
          #expect(left.status == .exited(0), "\(left)")
          #expect(try await end() == before + Int64(told))
        }
        // Without an address nobody guesses: the command says what is missing before it does anything.
        let result = try await bench.lectern(
          ["erase", "--yes", "--source", IngestBench.source.text, "--learner", IngestBench.learner(0).text],
          environment: ["LECTERN_KAFKA_BOOTSTRAP_SERVERS": ""])
        #expect(result.status == .exited(78), "\(result)")
      }
    }

    @Test(.timeLimit(.minutes(2))) func theDoctorSaysWhatTheOldestIsAndWhenItGoes() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        struct Finding: Decodable { let subject, state, detail: String }
        func retention() async throws -> Finding? {
          let result = try await bench.lectern(["doctor", "--json"], deadline: .seconds(120))
          return try JSONDecoder().decode([Finding].self, from: Data(result.output.utf8))
            .first { $0.subject == "retention" }
        }
        let empty = try #require(try await retention())
        #expect(empty.state == "good" && empty.detail == "no samples; no sums")
        // A day that should have gone long ago.
        try await bench.owner.execute(
          """
          INSERT INTO lectern.session_segment_sum (
            course_id, session_day, session_id, learner, weights_version, w_focused, w_distracted, w_curious, w_confused,
            w_tired, w_happy, classified_ms, expected_ms, classified_frames, no_face_frames, low_quality_frames,
            confusion_episodes, confusion_ms, confusion_resolved)
          SELECT 1, '2020-01-01', 1, gen_random_uuid(), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
          """)
        let late = try #require(try await retention())
        #expect(late.state == "warning" && late.detail.contains("2020-01-01"), "\(late)")
      }
    }
  }
}
