import Foundation
import KafkaIO
import LearningEvents
import Processes
import TestSupport
import Testing

/// The judgement at the end of every test.
extension FaultBench {
  /// Runs the aggregator and `lectern verify`, and then the independent checker over the journal, the database, the log
  /// and the history. Returns the checker's report.
  ///
  /// - Parameter mayRepeat: whether the broker may have put one send in the log twice, as the embedded one does when it
  ///   is taken down between a record and its acknowledgement: such a frame is a sample and a counted duplicate.
  @discardableResult
  func check(
    _ name: String = "", mayRepeat: Bool = false, within limit: Duration = .seconds(300),
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> String {
    #expect(journal.counts.acknowledged > 0, "nothing was sent", sourceLocation: sourceLocation)
    #expect(history.regressions.isEmpty, "the ledger went back", sourceLocation: sourceLocation)
    let environment = environment
    for arguments in [["aggregate", "--once"], ["verify"]] {
      let result = try await ProcessLauncher().run(
        ChildCommand(try #require(builtExecutable), arguments, environment: environment), deadline: limit)
      #expect(
        result.status.isSuccess, "lectern \(arguments[0]): \(result.outputText) \(result.errorText)",
        sourceLocation: sourceLocation)
    }
    let python = try #require(
      await TestTools.python(with: "psycopg", "confluent_kafka"), "the checker needs psycopg and confluent_kafka",
      sourceLocation: sourceLocation)
    let result = try await ProcessLauncher().run(
      ChildCommand(
        python,
        [
          TestTools.root.appending(path: "Tests/Checker/check.py").path, "--journal", journal.path, "--database",
          ingest.database.programURL, "--frame-topic", ingest.frameTopic.text, "--control-topic",
          ingest.controlTopic.text,
          "--cluster-id", ingest.clusterID.text, "--bootstrap", ingest.server.settings.bootstrapServers, "--read-log",
          "--ledger-history", history.path, "--rollups",
        ] + (mayRepeat ? ["--may-repeat"] : []), environment: environment), outputLimitBytes: 1 << 22, deadline: limit)
    #expect(
      result.status.isSuccess,
      "\(name) the checker: \(result.outputText.prefix(3000)) \(result.errorText.suffix(3000)); kept in \(folder)",
      sourceLocation: sourceLocation)
    if !result.status.isSuccess { throw FaultBenchError.refused }
    return result.outputText.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
