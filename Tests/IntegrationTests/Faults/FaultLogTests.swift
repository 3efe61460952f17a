import Foundation
import KafkaIO
import LearningEvents
import Persistence
import Processes
import StubRecognition
import Telemetry
import TestSupport
import Testing

extension BrokerFaults {
  /// What only a real Kafka's log does: more partitions from one moment to the next, and offsets that carry no record.
  @Suite(
    .enabled(if: KafkaTestServer.isReal, "only a real Kafka"), .enabled(if: PostgresTestServer.isWanted))
  struct FaultLog {
    private func send(
      _ range: Range<Int>, session: String = "s", partition: Int32, to bench: IngestBench
    ) async throws {
      for number in range {
        try await bench.send(
          IngestBench.frame(session: "\(session)\(partition)", sequence: Int32(number)),
          image: IngestPictures.picture(number), partition: partition, expect: .sample)
      }
    }

    private func lms(_ arguments: [String]) async throws -> String {
      let python = try #require(await TestTools.python(with: "psycopg", "confluent_kafka"))
      let script = TestTools.root.appending(path: "Tests/Checker/odd_lms.py").path
      return try await ProcessLauncher().run(
        ChildCommand(python, [script] + arguments, environment: ["PYTHONDONTWRITEBYTECODE": "1"]),
        deadline: .seconds(90)
      ).requireSuccess().outputText
    }

    @Test(.timeLimit(.minutes(3))) func raisedPartitionsAreTakenUpByARunningWorker() async throws {
      try await IngestBench.run(
        partitions: 2, producerProperties: ["topic.metadata.refresh.interval.ms": "500"]
      ) { bench in
        try await bench.announce()
        // Every five minutes unless configured.
        let worker = bench.start(
          IngestRecognizer(), kafkaProperties: ["topic.metadata.refresh.interval.ms": "1000"])
        for partition in 0..<2 as Range<Int32> { try await send(0..<5, partition: partition, to: bench) }
        try await bench.settle(10, by: worker)
        let (settings, topic) = (bench.server.settings, bench.frameTopic)
        try await BlockingThread().run {
          try KafkaAdmin(settings: settings, logger: .silent).raisePartitions(of: topic, to: 4)
        }
        try await bench.wait(for: "the producer to know the partitions") {
          (try? await send(0..<1, session: "first", partition: 3, to: bench)) != nil
        }
        for partition in 0..<4 as Range<Int32> { try await send(5..<10, partition: partition, to: bench) }
        try await bench.settle(31, by: worker)
        try await worker.stop()
        try await bench.judge(rollups: true)
      }
    }

    @Test(.timeLimit(.minutes(3))) func transactionMarkersAndAbortedFramesAreSkippedAndCounted() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        let worker = bench.start(StubRecognizer(probesHeader: false))
        let journal = try #require(bench.journal)
        _ = try await lms([
          "transactions", bench.server.settings.bootstrapServers, bench.frameTopic.text, journal.path,
          IngestBench.source.text,
          IngestBench.learner(0).text, IngestBench.course.text,
        ])
        // 60 frames and six markers; the last of them ends the log.
        try await bench.settle(66, by: worker)
        try await send(0..<1, partition: 0, to: bench)
        try await bench.settle(67, by: worker)
        try await worker.stop()
        let counters = try await bench.counters()
        #expect((counters.samples, counters.skipped) == (31, 36))
        #expect((counters.rejects, counters.duplicates) == (0, 0))
        try await bench.judge(rollups: true)
      }
    }

    @Test(.timeLimit(.minutes(4))) func compactedOffsetsAreSkippedAndCounted() async throws {
      try await IngestBench.run(
        partitions: 1,
        topicConfiguration: [
          "cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.001",
          "min.compaction.lag.ms": "0", "max.compaction.lag.ms": "100",
        ]
      ) { bench in
        try await bench.announce()
        // Compaction keeps the last frame of each session; the others are gone before any worker comes.
        for session in 0..<10 {
          for sequence in 0..<3 as Range<Int32> {
            let frame = IngestBench.frame(session: "c\(session)", sequence: sequence)
            let image = IngestPictures.picture(session * 3 + Int(sequence))
            if sequence == 2 {
              try await bench.send(frame, image: image, partition: 0, expect: .sample)
            } else {
              let event = image.withUnsafeBytes { frame.encoded(image: $0, mode: .binary) }
              try await bench.send(event.headers, value: event.value, key: event.key, partition: 0)
            }
          }
        }
        var kept = 0
        var sent = 0
        try await bench.wait(for: "the log to be compacted", within: .seconds(120)) {
          // Only a segment that is followed by another is compacted.
          try await Task.sleep(for: .milliseconds(300))
          try await send(sent..<(sent + 1), session: "roll\(sent)-", partition: 0, to: bench)
          sent += 1
          kept =
            Int(
              try await lms(["count", bench.server.settings.bootstrapServers, bench.frameTopic.text])
                .trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
          return kept == 10 + sent
        }
        let worker = bench.start(IngestRecognizer())
        try await bench.wait(for: "the worker to warn of it") {
          bench.logLines.contains { $0.contains("the frame topic is compacted") }
        }
        try await bench.settle(Int64(30 + sent), by: worker)
        try await send(0..<3, partition: 0, to: bench)
        try await bench.settle(Int64(33 + sent), by: worker)
        try await worker.stop()
        let counters = try await bench.counters()
        #expect((counters.samples, counters.skipped) == (Int64(13 + sent), 20))
        try await bench.judge(rollups: true)
      }
    }
  }
}
