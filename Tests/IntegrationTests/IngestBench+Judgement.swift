import Aggregation
import Analytics
import Foundation
import KafkaIO
import LearningEvents
import Processes
import Telemetry
import TestSupport
import Testing

/// The judgement at the end of a test: the independent checker over the journal, the database and the log.
extension IngestBench {
  /// Runs `Tests/Checker/check.py`; fails the test with its report if anything is wrong.
  ///
  /// - Parameters:
  ///   - behind: partitions that may stand still, because they are parked.
  ///   - readingLog: whether every record of the log is read again and accounted for.
  ///   - rollups: whether an aggregator runs first, and the sums of sessions are computed again.
  func judge(
    behind: [Int32] = [], readingLog: Bool = true, rollups: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    if rollups { try await aggregate() }
    let journal = try #require(journal, sourceLocation: sourceLocation)
    #expect(journal.counts.acknowledged > 0, "nothing was sent", sourceLocation: sourceLocation)
    let python = try #require(
      await TestTools.python(with: "psycopg", "confluent_kafka"), "the checker needs psycopg and confluent_kafka",
      sourceLocation: sourceLocation)
    var arguments = [
      TestTools.root.appending(path: "Tests/Checker/check.py").path, "--journal", journal.path, "--database",
      database.programURL, "--frame-topic", frameTopic.text, "--control-topic", controlTopic.text, "--cluster-id",
      clusterID.text,
      "--bootstrap", server.settings.bootstrapServers,
    ]
    if readingLog { arguments.append("--read-log") }
    if rollups { arguments.append("--rollups") }
    for partition in behind { arguments += ["--behind", "\(partition)"] }
    let result = try await ProcessLauncher().run(
      ChildCommand(
        python, arguments,
        environment: [
          "LECTERN_PSEUDONYM_SECRET": String(decoding: Self.secret, as: UTF8.self), "PYTHONDONTWRITEBYTECODE": "1",
        ]), outputLimitBytes: 1 << 22, deadline: .seconds(120))
    #expect(
      result.status.isSuccess, "the checker: \(result.outputText.prefix(3000)) \(result.errorText.suffix(3000))",
      sourceLocation: sourceLocation)
  }

  /// The same bench with a journal.
  func keeping(_ journal: FaultJournal) -> IngestBench {
    var bench = self
    bench.journal = journal
    return bench
  }

  /// Brings every rollup up to date.
  func aggregate() async throws { try await aggregator().runOnce(closingPeriods: true) }

  func aggregator() -> Aggregator {
    Aggregator(
      postgres: database.settings(role: "lectern_aggregator"),
      settings: AggregatorSettings(releasePolicy: ReleasePolicy(cohortMinimum: 10)!), logger: .silent,
      metrics: MetricsRegistry())
  }
}
