import Foundation
import LocalServers
import PostgresIO
import Processes
import Telemetry
import TestSupport
import Testing

extension Operators {
  /// The built program, run as its user runs it. On the embedded broker, or on the Kafka the tests were given.
  @Suite(.enabled(if: builtExecutable != nil, "LECTERN_TEST_EXECUTABLE names no program"))
  struct Demo {
    private struct Summary: Decodable {
      let framesPublished: Int
      let stored, rejected, duplicates, lag: Int64
      let rejectsByCode: [String: Int64]
      let segments: Int
      let framesPerSecond: Double
      let reportPath: String
      let syntheticFaces, trainedModel: Bool
    }

    private func run(_ arguments: [String], folder: String) async throws -> ProcessResult {
      let command = ChildCommand(
        try #require(builtExecutable), ["demo", "--data-dir", folder, "--port", "0"] + arguments,
        // The demo brings its own database; only Kafka may be given.
        environment: ["LECTERN_POSTGRES_URL": nil])
      return try await ProcessLauncher().run(command, outputLimitBytes: 1 << 20, deadline: .seconds(300))
    }

    private func summary(of result: ProcessResult) throws -> Summary {
      try JSONDecoder().decode(Summary.self, from: Data(result.output))
    }

    /// Labels of the samples in a demo's database, most frequent first.
    private func labelCounts(in folder: String) async throws -> [Int64] {
      let cluster = try await PostgresCluster.start(
        folder: "\(folder)/postgresql", launcher: ProcessLauncher(), logger: .silent)
      var counts: [Int64] = []
      do {
        let connection = try await PostgresConnection.open(
          PostgresSettings(url: cluster.url(database: "lectern")), logger: .silent)
        let rows = try await connection.query(
          """
          SELECT count(*) AS n FROM lectern.emotion_sample WHERE label IS NOT NULL GROUP BY label ORDER BY n DESC
          """)
        counts = try rows.map { try $0.decode("n", as: Int64.self) }
        await connection.close()
      } catch {
        await cluster.stop()
        throw error
      }
      await cluster.stop()
      return counts
    }

    @Test(.timeLimit(.minutes(8)))
    func framesInReportOutTwiceOnOneFolder() async throws {
      let folder = "/tmp/lectern-demo-test-\(UInt32.random(in: .min ... .max))"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      for round in 1...2 {
        let result = try await run(
          ["--learners", "12", "--duration", "1m", "--exit-when-done", "--json"], folder: folder)
        #expect(result.status.isSuccess, "round \(round): \(result.errorText)")
        let summary = try summary(of: result)
        // Twelve learners who consent and one who does not, six frames each.
        #expect(summary.framesPublished == 78)
        #expect(summary.stored == 72)
        #expect(summary.rejectsByCode == ["no_consent": 6])
        #expect(summary.rejected == 6)
        #expect(summary.duplicates == 0)
        #expect(summary.lag == 0)
        #expect(summary.segments == 6)
        #expect(summary.framesPerSecond > 0)
        #expect(summary.syntheticFaces)
        #expect(!summary.trainedModel)
        let report = try String(contentsOfFile: summary.reportPath, encoding: .utf8)
        #expect(report.contains("untrained network"))
        #expect(report.contains("<svg"))
        #expect(!report.contains("demo-learner"))
      }
      let counts = try await labelCounts(in: folder)
      let total = counts.reduce(0, +)
      #expect(counts.count >= 4)
      #expect(total > 100)
      #expect((counts.first ?? total) * 10 <= total * 6, "one label has \(counts.first ?? 0) of \(total)")
    }

    @Test func wrongSettingsAreRefusedBeforeAnythingStarts() async throws {
      let folder = "/tmp/lectern-demo-test-\(UInt32.random(in: .min ... .max))"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let command = ChildCommand(
        try #require(builtExecutable), ["demo", "--data-dir", folder, "--exit-when-done"],
        environment: [
          "LECTERN_POSTGRES_URL": "postgresql://db.example/lectern", "LECTERN_INGEST_BATCH_RECORDS": "many",
        ])
      let result = try await ProcessLauncher().run(command, outputLimitBytes: 1 << 20, deadline: .seconds(60))
      #expect(result.status == .exited(78))
      #expect(result.errorText.contains("LECTERN_INGEST_BATCH_RECORDS=many"))
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/postgresql"))
    }

    @Test func aRemoteServerIsNoDemonstration() async throws {
      let folder = "/tmp/lectern-demo-test-\(UInt32.random(in: .min ... .max))"
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let command = ChildCommand(
        try #require(builtExecutable), ["demo", "--data-dir", folder, "--exit-when-done"],
        environment: ["LECTERN_POSTGRES_URL": "postgresql://db.example/lectern"])
      let result = try await ProcessLauncher().run(command, outputLimitBytes: 1 << 20, deadline: .seconds(60))
      #expect(result.status == .exited(78))
      #expect(result.errorText.contains("loopback"))
    }
  }
}
