import Foundation
import ImageTypes
import KafkaIO
import LearningEvents
import Processes
import TestSupport
import Testing

extension Operators {
  /// The built `lectern publish`, read back as a worker would.
  @Suite(.enabled(if: builtExecutable != nil, "LECTERN_TEST_EXECUTABLE names no program"))
  struct Publish {
    private struct Summary: Decodable {
      let published, failed, bytes: Int
    }

    private static let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3]
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 9]

    /// A folder of two pictures, one deep below, and a file that is none.
    private func withPictures(_ body: (String) async throws -> Void) async throws {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent(KafkaTestServer.unique("pictures"))
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("deep/down"), withIntermediateDirectories: true)
      var failure: (any Error)?
      do {
        try Data(Self.jpeg).write(to: folder.appendingPathComponent("b.bin"))
        try Data(Self.png).write(to: folder.appendingPathComponent("deep/down/a.dat"))
        try Data("text".utf8).write(to: folder.appendingPathComponent("picture.jpg"))
        try await body(folder.path)
      } catch { failure = error }
      try FileManager.default.removeItem(at: folder)
      if let failure { throw failure }
    }

    private func publish(_ arguments: [String], to server: KafkaTestServer) async throws -> ProcessResult {
      let command = ChildCommand(
        try #require(builtExecutable), ["publish", "--kafka", server.settings.bootstrapServers] + arguments)
      return try await ProcessLauncher().run(command, outputLimitBytes: 1 << 20, deadline: .seconds(60))
    }

    private func records(of topic: TopicName, on server: KafkaTestServer) async throws -> [KafkaRecord] {
      try await BlockingThread().run {
        let partition = TopicPartition(topic: topic, partition: 0)
        let group = KafkaTestServer.unique("group")
        let asking = try KafkaConsumer(
          settings: server.settings, groupID: group, topics: [topic], logger: server.logger)
        let high = try asking.watermarks(of: partition, timeout: .seconds(20)).high
        asking.close()
        let reader = try KafkaReader(settings: server.settings, logger: server.logger)
        return try (0..<high).compactMap { try reader.record(at: partition, offset: $0, timeout: .seconds(10)) }
      }
    }

    @Test(arguments: FrameEvent.ContentMode.allCases)
    func replaysPicturesAsFramesOfLearnersInTurn(mode: FrameEvent.ContentMode) async throws {
      try await withPictures { folder in
        try await KafkaTestServer.withTopics(partitions: [1, 1]) { server, topics in
          let result = try await publish(
            [
              folder, "--topic", topics[0].text, "--control-topic", topics[1].text, "--learners", "2", "--count", "5",
              "--interval", "10s", "--course", "c-7", "--segments", "3", "--start", "2026-11-23T10:00:00Z", "--json",
            ] + (mode == .structured ? ["--structured"] : []), to: server)
          #expect(result.status == .exited(0), "\(String(decoding: result.errorOutput, as: UTF8.self))")
          let summary = try JSONDecoder().decode(Summary.self, from: Data(result.output))
          #expect(summary.published == 5 && summary.failed == 0)

          let frames = try await records(of: topics[0], on: server)
          let events = try frames.map { try $0.decodeFrame() }
          #expect(events.map(\.event.learnerID) == ["learner-1", "learner-2", "learner-1", "learner-2", "learner-1"])
          #expect(events.map(\.event.sequence) == [0, 0, 1, 1, 2])
          #expect(Set(events.map(\.event.sessionID)).count == 2)
          #expect(events.map(\.event.mediaPositionMilliseconds) == [0, 0, 10_000, 10_000, 20_000])
          #expect(events.last?.event.capturedAt.rfc3339 == "2026-11-23T10:00:20Z")
          #expect(Set(events.map(\.event.imageType)) == [.jpeg, .png])
          for (record, (event, image)) in zip(frames, events) {
            #expect(record.withKey { $0.map(Array.init) } == Array(event.sessionID.utf8))
            let bytes =
              switch image {
              case .recordValue: record.withValue { Array($0) }
              case .decoded(let bytes): bytes
              case .oversized: [UInt8]()
              }
            #expect(bytes == (event.imageType == .jpeg ? Self.jpeg : Self.png))
          }

          let control = try await records(of: topics[1], on: server).map { try $0.controlEvent() }
          #expect(
            control.map(\.type.rawValue)
              == ["course", "session", "session", "consent", "consent"].map { "org.lectern.\($0).v1" })
          guard case .course(let course)? = control.first else {
            Issue.record("the course does not come first")
            return
          }
          #expect(course.courseID == "c-7" && course.segments.count == 3)
        }
      }
    }

    @Test func twoRunsNeverShareASession() async throws {
      try await withPictures { folder in
        try await KafkaTestServer.withTopic { server, topic in
          for _ in 0..<2 {
            let result = try await publish([folder, "--topic", topic.text, "--frames-only"], to: server)
            #expect(result.status == .exited(0))
          }
          let events = try await records(of: topic, on: server).map { try $0.decodeFrame().event }
          #expect(events.count == 4)
          #expect(Set(events.map(\.sessionID)).count == 2)
          #expect(Set(events.map(\.id)).count == 4)
        }
      }
    }

    @Test func noPictureIsAnErrorThatSaysWhatToDo() async throws {
      let result = try await ProcessLauncher().run(
        ChildCommand(try #require(builtExecutable), ["publish", "--kafka", "127.0.0.1:1", "/does/not/exist"]),
        outputLimitBytes: 1 << 20, deadline: .seconds(30))
      #expect(result.status != .exited(0))
      #expect(String(decoding: result.errorOutput, as: UTF8.self).contains("'/does/not/exist' cannot be read"))
    }
  }
}
