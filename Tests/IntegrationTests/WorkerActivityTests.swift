import Ingest
import KafkaIO
import LearningEvents
import LogCapturing
import Services
import Telemetry
import TestSupport
import Testing

extension Broker {
  /// What a worker tells of itself while it works: its log, its lag, the topics it lacks.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct WorkerActivityTests {
    /// A series of the registry's text; nil where there is none.
    private static func value(_ series: String, in registry: MetricsRegistry) -> Double? {
      registry.prometheusText().split(separator: "\n").first { $0.hasPrefix(series + " ") }
        .flatMap { Double($0.split(separator: " ").last ?? "") }
    }

    private static func count(_ entry: LogEntry, _ key: String) -> Int64 {
      if case .int(let count)? = entry[key] { count } else { 0 }
    }

    /// Assignments by name, what was stored, and the totals at the end; a line of nothing is never written.
    @Test func theLogSaysWhatWasDone() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await bench.announce()
        let registry = MetricsRegistry()
        let worker = bench.start(IngestRecognizer(), registry: registry) {
          $0.activityInterval = .milliseconds(50)
          $0.judge.grace = .zero
        }
        try await worker.becomeReady()
        for number in 0..<6 {
          try await bench.send(
            IngestBench.frame(session: "s\(number % 2)", sequence: Int32(number)),
            image: IngestPictures.picture(number), partition: Int32(number % 2))
        }
        let stranger = IngestBench.frame(session: "x", sequence: 0, learner: IngestBench.learner("stranger"))
        try await bench.send(stranger, image: IngestPictures.picture(9), partition: 0)
        _ = try await bench.producer.produce(topic: bench.controlTopic, key: [], headers: [], value: Array("no".utf8))
        try await bench.send(IngestBench.consentEvent(learner: IngestBench.learner(1)))
        try await bench.settle(7, by: worker)
        let line = "records were stored"
        func said(_ key: String) -> Int64 {
          bench.log.entries.filter { $0.message == line }.reduce(0) { $0 + Self.count($1, key) }
        }
        try await bench.wait(for: "lines of all that was stored") {
          said("samples") == 6 && said("frame_rejects") == 1 && said("control_rejects") == 1 && said("applied") == 1
        }
        try await worker.stop()

        for entry in bench.log.entries where entry.message == line {
          let total = ["samples", "duplicates", "applied", "frame_rejects", "control_rejects", "skipped"].reduce(0) {
            $0 + Self.count(entry, $1)
          }
          #expect(total > 0 && entry.level == .info, "a line of nothing")
        }
        let assigned = bench.log.entries.filter { $0.message == "partitions are assigned" }
          .compactMap { $0["partitions"]?.description }.joined(separator: " ")
        #expect(assigned.contains("\(bench.controlTopic)[0]") && assigned.contains("\(bench.frameTopic)[0"))
        let end = try #require(bench.log.entries.last { $0.message == "the worker ends" })
        #expect(end.level == .info && Self.count(end, "samples") == 6 && Self.count(end, "frame_rejects") == 1)
        #expect(Self.count(end, "control_rejects") == 1 && Self.count(end, "applied") == 1)

        // A rejected control event has a series of its own.
        #expect(
          Self.value(#"lectern_ingest_rejects_total{code="bad_event",topic="control"}"#, in: registry) == 1)
        #expect(Self.value(#"lectern_ingest_rejects_total{code="bad_event",topic="frames"}"#, in: registry) == 0)
        #expect(Self.value(#"lectern_ingest_rejects_total{code="no_consent",topic="frames"}"#, in: registry) == 1)
        #expect(Self.value(#"lectern_ingest_records_total{outcome="applied",topic="control"}"#, in: registry) == 1)
        #expect(Self.value(#"lectern_ingest_records_total{outcome="sample",topic="frames"}"#, in: registry) == 6)
        for line in bench.logLines where line.contains(IngestBench.marker) { Issue.record("logged: \(line)") }
      }
    }

    /// Records that wait are counted, and the oldest of them ages, until they are stored.
    @Test func whatWaitsIsTheLag() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        try await bench.announce()
        let registry = MetricsRegistry()
        let gate = StopFlag()
        let worker = bench.start(IngestRecognizer { _ in await gate.wait() }, registry: registry) {
          $0.lagInterval = .milliseconds(50)
        }
        try await worker.becomeReady()
        func lag(_ unit: String, _ topic: String = "frames") -> Double? {
          Self.value(#"lectern_ingest_lag_\#(unit){topic="\#(topic)"}"#, in: registry)
        }
        try await bench.wait(for: "a lag of nothing") { lag("records") == 0 && lag("seconds") == 0 }
        for number in 0..<5 {
          try await bench.send(
            IngestBench.frame(session: "s\(number % 2)", sequence: Int32(number)),
            image: IngestPictures.picture(number), partition: Int32(number % 2))
        }
        try await bench.wait(for: "a lag of five records") { lag("records") == 5 }
        let age = try #require(lag("seconds"))
        #expect(age > 0 && age < 600)
        try await bench.wait(for: "an older record") { lag("seconds") ?? 0 > age }
        #expect(lag("records", "control") == 0)
        gate.raise()
        try await bench.settle(5, by: worker)
        try await bench.wait(for: "a lag of nothing again") { lag("records") == 0 && lag("seconds") == 0 }
        try await worker.stop()
      }
    }

    /// A worker whose topic is not there waits for it, is not ready, says which it is, and goes on once it is made.
    @Test(
      .enabled(
        if: KafkaTestServer.isReal, "only a real Kafka: the embedded broker makes whatever topic it is asked for"))
    func aMissingTopicIsNamedAndWaitedFor() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let absent = TopicName("\(KafkaTestServer.unique("absent"))")
        let registry = MetricsRegistry()
        let worker = bench.start(IngestRecognizer(), registry: registry) {
          $0.controlTopic = absent
          $0.parkedInterval = .milliseconds(50)
        }
        try await bench.wait(for: "a problem that names the topic") {
          worker.worker.health.problems.contains { $0.contains("topic \(absent) is missing") }
        }
        #expect(!worker.hasEnded)
        #expect(Self.value("lectern_ingest_missing_topics", in: registry) == 1)
        let lines = bench.log.entries.filter { $0.message.hasPrefix("a topic is missing") }
        #expect(lines.count == 1 && lines[0].level == .error && lines[0]["topic"] == .string(absent.text))
        let server = bench.server
        try await BlockingThread().run { try server.createTopic(absent, partitions: 1) }
        try await worker.becomeReady()
        #expect(Self.value("lectern_ingest_missing_topics", in: registry) == 0)
        try await worker.stop()
      }
    }
  }
}
