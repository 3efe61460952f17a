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
  /// Commands that look end by what they found, and those that work say what they had done when they are interrupted.
  @Suite(
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted, "LECTERN_TEST_EXECUTABLE names no program"))
  struct ExitCodes {
    @Test func migrateStatusFailsUntilEverythingIsApplied() async throws {
      try await IngestBench.run(partitions: 1, migrated: false) { bench in
        let before = try await bench.lectern(["migrate", "status"])
        #expect(before.status == .exited(1) && before.output.contains("missing    0001_schema"), "\(before)")
        #expect(before.error.contains("'lectern migrate up' applies"))
        let up = try await bench.lectern(["migrate", "up"])
        #expect(up.status == .exited(0), "\(up)")
        let after = try await bench.lectern(["migrate", "status"])
        #expect(after.status == .exited(0) && after.error.isEmpty, "\(after)")
        try await bench.owner.execute("DROP VIEW analytics.course_interest")
        let altered = try await bench.lectern(["migrate", "status"])
        #expect(altered.status == .exited(1) && altered.output.contains("redefined"), "\(altered)")
      }
    }

    /// Whoever configures Kafka runs workers there: what they need and lack is missing, and not a note.
    @Test func doctorFailsWhereAWorkerCouldNotWork() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        func findings(_ change: [String: String?]) async throws -> (code: Processes.ExitStatus, missing: Set<String>) {
          struct Finding: Decodable { let subject, state: String }
          let run = try await ProcessLauncher().run(
            ChildCommand(
              try #require(builtExecutable), ["doctor", "--json"],
              environment: bench.programEnvironment.merging(["LECTERN_MODEL_BUNDLE": nil]) { $1 }.merging(change) { $1 }
            ),
            outputLimitBytes: 1 << 20, deadline: .seconds(120))
          let found = try JSONDecoder().decode([Finding].self, from: Data(run.output))
          return (run.status, Set(found.filter { $0.state == "missing" }.map(\.subject)))
        }
        let bundle = try await findings([:])
        #expect(bundle.missing.contains("model bundle") && bundle.code == .exited(1))
        #expect(!bundle.missing.contains("frame topic") && !bundle.missing.contains("deployment"))
        // The embedded broker makes whatever topic it is asked for.
        if !bench.server.isEmbedded {
          let topic = try await findings(["LECTERN_KAFKA_FRAME_TOPIC": KafkaTestServer.unique("absent")])
          #expect(topic.missing == bundle.missing.union(["frame topic"]) && topic.code == .exited(1))
        }
        let law = try await findings(["LECTERN_DEPLOYMENT_REGION": "DE", "LECTERN_DEPLOYMENT_PURPOSE": "education"])
        #expect(law.missing == bundle.missing.union(["deployment"]) && law.code == .exited(1))
        let secret = try await findings(["LECTERN_PSEUDONYM_SECRET": nil])
        #expect(secret.missing == bundle.missing.union(["pseudonym secret"]) && secret.code == .exited(1))
      }
    }

    /// A command that runs until it is told to end, and all that it printed.
    private func interrupted(
      _ arguments: [String], by signal: Int32, in bench: IngestBench, once ready: () async throws -> Void
    ) async throws -> (status: Processes.ExitStatus, text: String) {
      let log = "/tmp/\(KafkaTestServer.unique("interrupted"))"
      defer { try? FileManager.default.removeItem(atPath: log) }
      let child = try await ProcessLauncher().launch(
        ChildCommand(try #require(builtExecutable), arguments, environment: bench.programEnvironment), log: log)
      do { try await ready() } catch {
        await child.terminate()
        throw error
      }
      let status = await child.terminate(signal: signal, grace: .seconds(60))
      return (status, try String(contentsOfFile: log, encoding: .utf8))
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func anInterruptedPublishSaysWhatWasSent(signal: Int32) async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let picture = "/tmp/\(KafkaTestServer.unique("picture")).png"
        try Data(IngestPictures.picture(1)).write(to: URL(filePath: picture))
        defer { try? FileManager.default.removeItem(atPath: picture) }
        let place = TopicPartition(topic: bench.frameTopic, partition: 0)
        let settings = bench.server.settings
        @Sendable func end() async throws -> Int64 {
          try await BlockingThread().run {
            try KafkaAdmin(settings: settings, logger: .silent).watermarks(of: place, timeout: .seconds(20)).high
          }
        }
        let run = try await interrupted(
          ["publish", picture, "--count", "100000", "--rate", "50", "--topic", bench.frameTopic.text], by: signal,
          in: bench
        ) {
          try await bench.wait(for: "some frames") { try await end() >= 3 }
        }
        #expect(run.status == .exited(130), "\(run)")
        let said = try #require(
          run.text.firstMatch(of: #/interrupted: (\d+) of 100000 frames published, 0 not acknowledged/#), "\(run)")
        #expect(Int64(said.output.1) == (try await end()))
      }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func anInterruptedVerifySaysHowFarItCame(signal: Int32) async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let holder = try await bench.database.connect()
        try await holder.execute("BEGIN; LOCK TABLE lectern.release_cell IN ACCESS EXCLUSIVE MODE")
        var run: (status: Processes.ExitStatus, text: String)
        repeat {
          run = try await interrupted(["verify"], by: signal, in: bench) {
            try await bench.database.waitUntilBlocked(by: holder)
          }
          // A machine so busy that the wait for the lock ran out before the signal came shows nothing.
        } while run.text.contains("55P03")
        await holder.close()
        #expect(run.status == .exited(130), "\(run)")
        let pattern = #/interrupted after \d+ ms, without a verdict: 9 checks were made, none of them failed/#
        #expect(run.text.contains(pattern), "\(run)")
        #expect(!run.text.contains("57014"))
      }
    }
  }
}
