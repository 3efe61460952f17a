import Foundation
import KafkaIO
import LearningEvents
import Processes
import TestSupport
import Testing

extension IngestBench {
  /// Runs the built program against this bench's servers.
  func lectern(
    _ arguments: [String], environment more: [String: String] = [:], deadline: Duration = .seconds(60)
  ) async throws -> (status: Processes.ExitStatus, output: String, error: String) {
    let result = try await ProcessLauncher().run(
      ChildCommand(
        try #require(builtExecutable), arguments,
        environment: programEnvironment.merging(more.mapValues { Optional($0) }) { $1 }), outputLimitBytes: 1 << 22,
      deadline: deadline)
    return (result.status, result.outputText, result.errorText)
  }

  /// What a child needs to find this bench's servers, topics and secret.
  var programEnvironment: [String: String?] {
    let properties = server.settings.properties.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    return [
      "LECTERN_POSTGRES_URL": database.programURL, "LECTERN_KAFKA_BOOTSTRAP_SERVERS": server.settings.bootstrapServers,
      "LECTERN_KAFKA_PROPERTIES": properties, "LECTERN_KAFKA_CLUSTER_ID": clusterID.text,
      "LECTERN_KAFKA_FRAME_TOPIC": frameTopic.text, "LECTERN_KAFKA_CONTROL_TOPIC": controlTopic.text,
      "LECTERN_KAFKA_GROUP": group, "LECTERN_PSEUDONYM_SECRET": String(decoding: Self.secret, as: UTF8.self),
      "LECTERN_DEPLOYMENT_REGION": "BE", "LECTERN_DEPLOYMENT_PURPOSE": "demonstration",
    ]
  }

  /// Waits until something holds; fails when that takes too long.
  func wait(
    for what: String, within limit: Duration = .seconds(120), sourceLocation: SourceLocation = #_sourceLocation,
    _ holds: () async throws -> Bool
  ) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !holds() {
      guard ContinuousClock.now < deadline else {
        let tail = logLines.suffix(8)
        Issue.record("\(what): not after \(limit); \(tail)", sourceLocation: sourceLocation)
        throw IngestBenchError.tooSlow
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}
