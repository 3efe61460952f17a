import Foundation
import KafkaIO
import LearningEvents
import Processes
import TestSupport
import Testing

extension Operators {
  /// `lectern tap`: what passes, and nothing of whose it is.
  @Suite(
    .enabled(if: builtExecutable != nil && PostgresTestServer.isWanted, "LECTERN_TEST_EXECUTABLE names no program"))
  struct TapTests {
    private struct Line: Decodable {
      let partition: Int32
      let offset: Int64
      let type, mode: String
      let course, segment, reason, time: String?
      let sequence: Int32?
      let imageBytes: Int?
      let granted: Bool?
    }

    private func lines(_ output: String) throws -> [Line] {
      try output.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    /// Ids that must not be printed, whoever holds them; those of the LMS, the course and the event may.
    private func checkSilence(_ output: String) {
      for id in [
        IngestBench.learner(0).text, "s0-\(IngestBench.marker)",
      ] {
        #expect(!output.contains(id), "\(id) in \(output)")
      }
    }

    @Test func printsWhatPassesWithoutWhoseItIs() async throws {
      try await IngestBench.run(partitions: 2) { bench in
        let image = IngestPictures.picture(1)
        var frame = IngestBench.frame(session: "s0", sequence: 7)
        frame.segmentID = "part-\u{202e}1"
        try await bench.send(frame, image: image, partition: 0)
        frame.sequence = 8
        try await bench.send(frame, image: image, partition: 0, mode: .structured)
        try await bench.send(
          [EventHeader("ce_learnerid", IngestBench.learner(0).text), EventHeader("ce_specversion", "1.0")],
          value: image,
          key: Array("s0-\(IngestBench.marker)".utf8), partition: 1)
        let all = try await bench.lectern(["tap", "--from", "beginning", "--count", "3", "--json"])
        #expect(all.status == .exited(0), "\(all)")
        checkSilence(all.output + all.error)
        let lines = try lines(all.output).sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
        #expect(lines.map(\.type) == ["frame", "frame", "bad"])
        #expect(lines.map(\.mode) == ["binary", "structured", "binary"])
        #expect(lines.prefix(2).map(\.sequence) == [7, 8])
        #expect(lines.prefix(2).allSatisfy { $0.course == IngestBench.course.text && $0.imageBytes == image.count })
        #expect(lines[2].reason != nil && lines[2].course == nil)
        // A segment's name cannot steer a terminal.
        let text = try await bench.lectern(["tap", "--from", "beginning", "--count", "1", "--partition", "0"])
        #expect(text.output.hasPrefix("0/0 ") && text.output.contains("segment=part-\\u{202e}1"), "\(text)")
        #expect(text.output.contains("sequence=7") && !text.output.contains("\u{202e}"))
        checkSilence(text.output)

        try await bench.send(IngestBench.consentEvent(learner: IngestBench.learner(0)))
        try await bench.send(IngestBench.courseEvent())
        let control = try await bench.lectern(
          ["tap", "--topic", bench.controlTopic.text, "--from", "beginning", "--count", "2", "--json"])
        let said = try self.lines(control.output)
        #expect(Set(said.map(\.type)) == ["consent", "course"] && said.contains { $0.granted == true }, "\(control)")
        checkSilence(control.output)

        let nowhere = try await bench.lectern(["tap", "--partition", "7", "--count", "1"])
        #expect(nowhere.status == .exited(1))
      }
    }

    /// From the end it waits for what comes; it ends on SIGINT with 0, and soon after its reader has gone.
    @Test(.timeLimit(.minutes(1))) func followsUntilItIsEnoughOrNobodyReads() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.send(IngestBench.frame(session: "s0", sequence: 0), image: IngestPictures.picture(0))
        let path = "/tmp/lectern-tap-test-\(UInt32.random(in: .min ... .max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let child = try await ProcessLauncher().launch(
          ChildCommand(try #require(builtExecutable), ["tap", "--json"], environment: bench.programEnvironment),
          log: path)
        func output() -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
        // It says nothing when it is ready, so frames are sent until one of them passes.
        var sequence: Int32 = 1
        while !output().contains("\n"), sequence < 200 {
          try await bench.send(
            IngestBench.frame(session: "s0", sequence: sequence), image: IngestPictures.picture(Int(sequence)))
          sequence += 1
          try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try lines(output()).allSatisfy { ($0.sequence ?? 0) > 0 })
        #expect(await child.terminate(grace: .seconds(20)) == .exited(0))

        // `head` takes one line and goes; the tap ends though nothing passes any more, as SIGPIPE would end it.
        let executable = try #require(builtExecutable)
        let pipeline = try await ProcessLauncher().run(
          ChildCommand(
            "/bin/bash", ["-c", "'\(executable)' tap --from beginning | head -n 1; exit ${PIPESTATUS[0]}"],
            environment: bench.programEnvironment), deadline: .seconds(20))
        #expect(pipeline.status == .exited(141) && pipeline.errorText.isEmpty, "\(pipeline)")
        #expect(pipeline.outputText.split(separator: "\n").count == 1)
      }
    }
  }
}
