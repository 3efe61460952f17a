import Cryptography
import Foundation
import Ingest
import KafkaIO
import LearningEvents
import Persistence
import Processes
import Telemetry
import TestSupport
import Testing

extension BrokerFaults {
  /// Workers that keep their partitions while they restart. Needs a broker with static membership, which the embedded
  /// one has not.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct StaticMembership {
    /// A worker with a name of its own, and what it counts.
    private func start(
      _ name: String, _ bench: IngestBench, _ kafka: KafkaSettings
    ) -> (run: IngestRun, registry: MetricsRegistry) {
      var settings = IngestSettings()
      settings.frameTopic = bench.frameTopic
      settings.controlTopic = bench.controlTopic
      settings.consumerGroup = bench.group
      settings.pollInterval = .milliseconds(20)
      settings.batchAge = .milliseconds(50)
      var kafka = kafka
      kafka.groupInstanceID = name
      let registry = MetricsRegistry()
      let recognizer = IngestRecognizer()
      let worker = IngestWorker(
        IngestParts(
          settings: settings, kafka: kafka, postgres: bench.database.settings(role: "lectern_ingest"),
          recognizer: recognizer,
          model: ModelDescription(id: recognizer.modelID, labels: Emotion.allCases.map(\.name), isTrained: false),
          pseudonymizer: LearnerPseudonymizer(secret: IngestBench.secret), registry: registry,
          logger: Logger(label: name, level: .trace, sink: bench.log), clock: { IngestBench.now }))
      return (IngestRun(worker), registry)
    }

    private func rebalances(_ registry: MetricsRegistry) -> Double {
      registry.counter("lectern_ingest_rebalances_total", help: "").value
    }

    private func assigned(_ registry: MetricsRegistry) -> Double {
      registry.gauge("lectern_ingest_assigned_partitions", help: "").value
    }

    private func wait(_ what: Comment, until condition: () async throws -> Bool) async throws {
      let deadline = ContinuousClock.now + .seconds(40)
      while !(try await condition()) {
        guard ContinuousClock.now < deadline else {
          Issue.record(what)
          throw IngestBenchError.tooSlow
        }
        try await Task.sleep(for: .milliseconds(50))
      }
    }

    @Test(
      .enabled(if: LocalKafka.isPresent, LocalKafka.missing),
      .enabled(if: !KafkaTestServer.isReal, "a Kafka of its own: only the embedded broker's round runs it"),
      .timeLimit(.minutes(4)))
    func aRestartCausesNoRebalance() async throws {
      try await LocalKafka.run { broker in
        try await IngestBench.run(partitions: 3) { embedded in
          let kafka = KafkaSettings(
            bootstrapServers: broker.bootstrapServers,
            properties: ["session.timeout.ms": "30000", "heartbeat.interval.ms": "500"])
          let admin = try KafkaAdmin(settings: kafka, logger: .silent)
          // The bench's database and LMS, on this broker's log.
          let bench = IngestBench(
            server: embedded.server, database: embedded.database, owner: embedded.owner,
            frameTopic: embedded.frameTopic, controlTopic: embedded.controlTopic,
            clusterID: try await BlockingThread().run {
              try admin.createTopic(embedded.frameTopic, partitions: 6)
              try admin.createTopic(embedded.controlTopic, partitions: 1)
              return try admin.clusterID(timeout: .seconds(20))
            },
            producer: try KafkaProducer(settings: kafka, logger: .silent))
          try await bench.announce(learners: 6)
          var sent: Int64 = 0
          func send(_ count: Int) async throws {
            for _ in 0..<count {
              let number = Int(sent)
              let frame = IngestBench.frame(
                session: "s\(number % 6)", sequence: Int32(number), learner: IngestBench.learner(number % 6))
              try await bench.send(
                frame, image: IngestPictures.picture(number), partition: Int32(number % 6))
              sent += 1
            }
          }

          let one = start("one", bench, kafka)
          let two = start("two", bench, kafka)
          try await wait("two workers share the partitions") {
            assigned(one.registry) + assigned(two.registry) == 7 && assigned(one.registry) > 0
              && assigned(two.registry) > 0
          }
          try await send(12)
          try await bench.settle(sent, by: one.run, two.run)
          let held = assigned(one.registry)
          let (before, begun) = (rebalances(two.registry), ContinuousClock.now)

          // An orderly end: the member stays in the group, and what it held waits for it.
          try await one.run.stop()
          try await send(12)
          let again = start("one", bench, kafka)
          try await wait("the worker that came back has what it had") { assigned(again.registry) == held }
          try await bench.settle(sent, by: again.run, two.run)
          // Well within the session timeout, so it was not that.
          #expect(begun.duration(to: .now) < .seconds(25))
          #expect(rebalances(two.registry) == before)
          #expect(rebalances(again.registry) == 1)
          try await bench.checkArithmetic()

          // A second worker of the same name is a mistake: the older one ends, loudly, and says why.
          let double = start("two", bench, kafka)
          await #expect { try await two.run.end() } throws: { "\($0)".contains("FENCED_INSTANCE_ID") }
          try await double.run.stop()
          try await again.run.stop()
        }
      }
    }

    @Test(.enabled(if: !KafkaTestServer.isReal, "only the embedded broker has no static membership"))
    func theEmbeddedBrokerIsRefused() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let worker = start("one", bench, bench.server.settings)
        await #expect(throws: IngestError.noStaticMembership) { try await worker.run.end() }
      }
    }

    @Test(.enabled(if: builtExecutable != nil, "LECTERN_TEST_EXECUTABLE names no program"))
    func theDemoRefusesItOnItsOwnBroker() async throws {
      let folder = "/tmp/lectern-demo-test-\(UInt32.random(in: .min ... .max))"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let command = ChildCommand(
        try #require(builtExecutable), ["demo", "--data-dir", folder, "--exit-when-done"],
        environment: [
          "LECTERN_KAFKA_BOOTSTRAP_SERVERS": nil, "LECTERN_POSTGRES_URL": nil, "LECTERN_KAFKA_GROUP_INSTANCE": "one",
        ])
      let result = try await ProcessLauncher().run(command, deadline: .seconds(60))
      #expect(result.status == .exited(78))
      #expect(result.errorText.contains("LECTERN_KAFKA_GROUP_INSTANCE=one"))
      #expect(result.errorText.contains("no static membership"))
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/postgresql"))
    }
  }
}
