import Foundation
import ImageTypes
import KafkaIO
import LearningEvents
import Services
import Telemetry

/// The LMS of a benchmark: frames of many sessions in turn, each a picture of random bytes. On a thread of its own.
actor FrameSource {
  nonisolated let executor = ThreadExecutor(name: "producer")
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  static let source: SourceID = "https://lms.example"
  static let course: CourseID = "course-1"

  private let producer: KafkaProducer
  private let topic: TopicName
  private let sessions: Int
  private let pictures: [[UInt8]]
  private let start: Int64
  /// Frames handed to the producer.
  private(set) var sent = 0

  init(_ options: IngestBenchmarkOptions, topic: TopicName) throws {
    producer = try KafkaProducer(
      settings: KafkaSettings(
        bootstrapServers: options.kafka,
        properties: [
          "linger.ms": "20", "batch.num.messages": "20000", "batch.size": "1000000",
          "queue.buffering.max.messages": "200000",
        ]), logger: .silent)
    self.topic = topic
    sessions = options.sessions
    var generator = SystemRandomNumberGenerator()
    pictures = (0..<64).map { _ in
      (0..<options.bytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
    start = Int64(Date().timeIntervalSince1970 * 1000)
  }

  static func learner(_ session: Int) -> LearnerID { "learner-\(session)" }

  /// Sends so many frames; waits only for room in the producer's queue. Blocks.
  func send(_ count: Int) throws {
    for _ in 0..<count {
      let session = sent % sessions
      let sequence = sent / sessions
      let frame = FrameEvent(
        id: "\(session)-\(sequence)", source: Self.source, sessionID: "session-\(session)", sequence: Int32(sequence),
        learnerID: Self.learner(session), courseID: Self.course,
        capturedAt: EventTime(microseconds: (start + Int64(sequence)) * 1000), imageType: .jpeg)
      let event = pictures[sent % pictures.count].withUnsafeBytes { frame.encoded(image: $0, mode: .binary) }
      while try !take(event) { usleep(1000) }
      sent += 1
    }
  }

  /// False while the producer's queue is full.
  private func take(_ event: EncodedEvent) throws -> Bool {
    do {
      try producer.send(topic: topic, key: event.key, headers: event.headers, value: event.value) { result in
        if case .failure(let error) = result { fatalError("a frame was not taken: \(error)") }
      }
      return true
    } catch {
      guard error.code == .queueFull else { throw error }
      return false
    }
  }

  /// Waits until the broker has everything.
  func flush() -> Bool { producer.flush(timeout: .seconds(300)) }
}
