import Foundation
import KafkaIO
import LearningEvents
import Persistence
import Processes
import TestSupport
import Testing

extension Operators {
  /// The producers of docs/events and `lectern publish`, in both modes, each into one worker: every picture becomes one
  /// sample of its own, whoever sent it and however.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct ProducerScripts {
    private static let pictures = (1...4).map { IngestPictures.picture($0) }

    private func withFiles(_ body: ([String]) async throws -> Void) async throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: KafkaTestServer.unique("pictures"))
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      var paths: [String] = []
      for (number, picture) in Self.pictures.enumerated() {
        let file = folder.appending(path: "frame \(number).png")
        try Data(picture).write(to: file)
        paths.append(file.path)
      }
      try await body(paths)
    }

    /// Runs a producer against the bench's topics, with its worker running, and looks at what became of the pictures.
    private func check(
      modes: Int = 1, _ command: (_ mode: Int, _ servers: String, IngestBench, [String]) throws -> ChildCommand
    ) async throws {
      try await withFiles { files in
        try await IngestBench.run(partitions: 3) { bench in
          let worker = bench.start(IngestRecognizer())
          for mode in 0..<modes {
            var command = try command(mode, bench.server.settings.bootstrapServers, bench, files)
            command.environment["FRAMES_TOPIC"] = bench.frameTopic.text
            command.environment["CONTROL_TOPIC"] = bench.controlTopic.text
            try await ProcessLauncher().run(command, deadline: .seconds(60)).requireSuccess()
          }
          let expected = Self.pictures.count * modes
          try await bench.settle(Int64(expected), by: worker)
          try await worker.stop()
          let counters = try await bench.counters()
          #expect(counters.samples == Int64(expected) && counters.accounted == Int64(expected))
          var sessions: [Substring: [String: [[Int16]]]] = [:]
          for (place, distributions) in try await bench.samples() {
            let parts = place.split(separator: "/")
            sessions[parts[0], default: [:]][String(parts[1])] = distributions
          }
          // A run is a session, its frames numbered from 0, and both modes give the same samples.
          #expect(sessions.count == modes)
          let wanted = Dictionary(
            uniqueKeysWithValues: Self.pictures.enumerated().map { number, picture in
              ("\(number)", [IngestRecognizer.distribution(of: picture).tenThousandths])
            })
          for session in sessions.values { #expect(session == wanted) }
          #expect(
            try await bench.number("SELECT count(*) FROM lectern.emotion_sample WHERE media_pos_ms = seq * 1000")
              == Int64(expected))
          try await bench.checkArithmetic()
        }
      }
    }

    @Test(
      .enabled("no Python with confluent_kafka (ops/bootstrap-tests.sh installs it)") {
        await TestTools.python(with: "confluent_kafka") != nil
      })
    func pythonInBothModes() async throws {
      let python = try #require(await TestTools.python(with: "confluent_kafka"))
      let script = TestTools.root.appending(path: "docs/events/produce.py").path
      try await check(modes: 2) { mode, servers, _, files in
        ChildCommand(python, [script] + (mode == 0 ? [] : ["--structured"]) + [servers] + files)
      }
    }

    @Test(.enabled(if: TestTools.path(of: "kcat") != nil, "no kcat (ops/bootstrap-tests.sh installs it)"))
    func kcat() async throws {
      let script = TestTools.root.appending(path: "docs/events/produce.sh").path
      try await check { _, servers, _, files in ChildCommand("sh", [script, servers] + files) }
    }

    @Test(.enabled(if: builtExecutable != nil, "LECTERN_TEST_EXECUTABLE names no program"))
    func publishInBothModes() async throws {
      let program = try #require(builtExecutable)
      try await check(modes: 2) { mode, servers, bench, files in
        let arguments = [
          "publish", "--kafka", servers, "--topic", bench.frameTopic.text, "--control-topic", bench.controlTopic.text,
        ]
        return ChildCommand(program, arguments + (mode == 0 ? [] : ["--structured"]) + files)
      }
    }
  }
}
