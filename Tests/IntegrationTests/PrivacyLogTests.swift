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

extension LogFaults {
  /// What is left of a learner once Kafka's topics have let go what they hold, on a Kafka whose retention is real.
  @Suite(
    .enabled(if: LocalKafka.isPresent && builtExecutable != nil && PostgresTestServer.isWanted, LocalKafka.missing),
    .enabled(if: !KafkaTestServer.isReal, "a Kafka of its own: only the embedded broker's round runs it"))
  struct PrivacyLogTests {
    private static let topics: [TopicName] = ["frames", "control"]
    private static let (gone, stays) = (IngestBench.learner("gone"), IngestBench.learner("stays"))

    private func withBench(_ body: (IngestBench, LocalKafka) async throws -> Void) async throws {
      try await LocalKafka.run { _, _ in
        [
          "log.retention.check.interval.ms": "200", "log.initial.task.delay.ms": "200",
          "log.segment.delete.delay.ms": "100",
        ]
      } _: { broker in
        try await withTestDatabase { database in
          let settings = KafkaSettings(
            bootstrapServers: broker.bootstrapServers,
            properties: ["session.timeout.ms": "6000", "heartbeat.interval.ms": "500"])
          let server = try KafkaTestServer(real: settings)
          let clusterID = try await BlockingThread().run {
            // Kept until the test says so: nothing depends on how fast it is.
            for topic in Self.topics {
              try server.createTopic(topic, partitions: 1, configuration: ["retention.ms": "-1"])
            }
            return try server.clusterID()
          }
          let owner = try await database.connect()
          let bench = IngestBench(
            server: server, database: database, owner: owner, frameTopic: Self.topics[0],
            controlTopic: Self.topics[1], clusterID: clusterID,
            producer: try KafkaProducer(settings: settings.adding(["linger.ms": "0"]), logger: .silent))
          var failure: (any Error)?
          do { try await body(bench, broker) } catch { failure = error }
          await owner.close()
          if let failure { throw failure }
        }
      }
    }

    /// Keys, headers and values of every record that the logs hold.
    private func log(_ bench: IngestBench) async throws -> [Data] {
      let settings = bench.server.settings
      return try await BlockingThread().run {
        let reader = try KafkaReader(settings: settings, logger: .silent)
        let admin = try KafkaAdmin(settings: settings, logger: .silent)
        var found: [Data] = []
        for topic in Self.topics {
          let partition = TopicPartition(topic: topic, partition: 0)
          let (low, high) = try admin.watermarks(of: partition, timeout: .seconds(20))
          _ = try reader.records(at: partition, offsets: low..<high, timeout: .seconds(20)) { record in
            found.append(record.withKey { Data($0.map(Array.init) ?? []) })
            found.append(record.withValue { Data(Array($0)) })
            found += record.withHeaders { headers in headers.map { Data($0.value.map(Array.init) ?? []) } }
            return true
          }
        }
        return found
      }
    }

    /// The files of the broker's logs, those included that it is about to delete.
    private func files(_ broker: LocalKafka) -> [Data] {
      let folder = URL(filePath: "\(broker.folder)/data")
      let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
      return names.filter { $0.contains(".log") }.compactMap { try? Data(contentsOf: folder.appending(path: $0)) }
    }

    private func holds(_ texts: [Data], _ wanted: [UInt8]) -> Bool {
      texts.contains { $0.range(of: Data(wanted)) != nil }
    }

    private func retain(_ milliseconds: Int64, _ bench: IngestBench) async throws {
      let settings = bench.server.settings
      try await BlockingThread().run {
        let admin = try KafkaAdmin(settings: settings, logger: .silent)
        for topic in Self.topics {
          try admin.setConfiguration(["retention.ms": "\(milliseconds)", "segment.ms": "86400000"], of: topic)
        }
      }
    }

    private func send(_ learner: LearnerID, _ sequence: Int32, _ picture: [UInt8], _ bench: IngestBench) async throws {
      try await bench.send(
        IngestBench.frame(session: "of-\(learner.text.suffix(4))", sequence: sequence, learner: learner), image: picture
      )
    }

    @Test(.timeLimit(.minutes(5))) func afterErasureAndRetentionNothingOfTheLearnerIsLeft() async throws {
      try await withBench { bench, broker in
        try await bench.send(IngestBench.courseEvent())
        for learner in [Self.gone, Self.stays] { try await bench.send(IngestBench.consentEvent(learner: learner)) }
        let worker = bench.start(IngestRecognizer())
        try await bench.wait(for: "the consents") {
          try await bench.number("SELECT count(*) FROM lectern.consent WHERE granted") == 2
        }
        let pictures = (0..<3).map { IngestPictures.picture($0) }
        for (number, picture) in pictures.enumerated() { try await send(Self.gone, Int32(number), picture, bench) }
        try await send(Self.stays, 0, IngestPictures.picture(7), bench)
        try await bench.settle(4, by: worker)
        try await bench.aggregate()
        let wanted = [Array(Self.gone.utf8)] + pictures
        // The search finds what is there.
        let before = (try await log(bench), files(broker))
        for bytes in wanted { #expect(holds(before.0, bytes) && holds(before.1, bytes)) }

        let receipt = try await bench.lectern([
          "erase", "--source", IngestBench.source.text, "--learner", Self.gone.text, "--yes",
        ])
        #expect(receipt.status == .exited(0), "\(receipt)")
        #expect(receipt.output.contains("told; keeps pictures for ever, by its settings, ids for ever"), "\(receipt)")
        try await bench.wait(for: "the withdrawals") {
          try await bench.number("SELECT applied FROM lectern.ingest_ledger WHERE topic = 'control'") == 6
        }
        // Retention passes: the files of both logs go, the withdrawal that erase sent with the consent before it.
        try await retain(1, bench)
        try await bench.wait(for: "Kafka to let go") {
          let found = files(broker)
          return wanted.allSatisfy { !holds(found, $0) }
        }
        let after = try await log(bench)
        for bytes in wanted { #expect(!holds(after, bytes)) }
        try await retain(604_800_000, bench)
        try await checkDatabase(bench)

        // The deployment goes on, with what its database knows of consent.
        try await send(Self.stays, 1, IngestPictures.picture(8), bench)
        try await bench.settle(5, by: worker)
        try await worker.stop()
        let next = bench.start(IngestRecognizer())
        try await send(Self.stays, 2, IngestPictures.picture(9), bench)
        try await bench.settle(6, by: next)
        #expect(try await bench.number("SELECT count(*) FROM lectern.emotion_sample") == 3)
        try await next.stop()
        let verified = try await bench.lectern(["verify"])
        #expect(verified.status == .exited(0), "\(verified)")
        let dated = try await bench.lectern([
          "erase", "--source", IngestBench.source.text, "--learner", Self.stays.text, "--yes",
        ])
        let ends = dated.output.matches(of: #/(pictures|ids) until \d{4}-\d\d-\d\dT/#)
        #expect(dated.status == .exited(0) && ends.count == 2, "\(dated)")
      }
    }

    /// The id is nowhere, the pseudonym only where it refuses what may still come.
    private func checkDatabase(_ bench: IngestBench) async throws {
      let pseudonym = LearnerPseudonymizer(secret: IngestBench.secret)
        .pseudonym(source: IngestBench.source, learnerID: Self.gone).uuid
      let tables = try await bench.owner.query(
        """
        SELECT format('%s.%s', relnamespace::regnamespace, relname) FROM pg_class WHERE relnamespace IN ('lectern'::regnamespace, 'audit'::regnamespace)
          AND relkind IN ('r', 'p') AND NOT relispartition
        """
      ).map { try $0.decode(at: 0, as: String.self) }
      #expect(tables.count > 25)
      var pseudonymous: [String] = []
      for table in tables {
        let row = try await bench.owner.query(
          """
          SELECT count(*) FILTER (WHERE position($1 IN t::text) > 0) AS ids,
            count(*) FILTER (WHERE position($2 IN t::text) > 0) AS pseudonyms
          FROM \(table) t
          """, [.text(Self.gone.text), .text(pseudonym)]
        ).single()
        #expect(try row.decode("ids", as: Int64.self) == 0, "\(table)")
        if try row.decode("pseudonyms", as: Int64.self) > 0 { pseudonymous.append(table) }
      }
      #expect(pseudonymous.sorted() == ["lectern.consent", "lectern.erasure"])
    }
  }
}
