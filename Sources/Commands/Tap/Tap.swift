import Foundation
import KafkaIO
import LearningEvents
import Services
import Synchronization
import Telemetry

/// Prints what passes until it was enough, somebody asks it to end, or nobody reads any more.
final class Tap: Service {
  let settings: KafkaSettings
  let topic: TopicName
  let isControl: Bool
  let partition: Int32?
  let start: TapStart
  /// How many events; nil has no end.
  let count: Int?
  let json: Bool
  let logger: Logger
  /// What ended it, if not the reader or an order. Not thrown: the group would wrap what only the command can say well.
  private let failure = Mutex<(any Error)?>(nil)

  init(
    settings: KafkaSettings, topic: TopicName, isControl: Bool, partition: Int32?, start: TapStart, count: Int?,
    json: Bool, logger: Logger
  ) {
    (self.settings, self.topic, self.isControl) = (settings, topic, isControl)
    (self.partition, self.start, self.count) = (partition, start, count)
    (self.json, self.logger) = (json, logger)
  }

  func run() async {
    let thread = ThreadExecutor(name: "tap")
    let shutdown = GracefulShutdown.current
    do {
      try await thread.run { try self.follow { shutdown?.isTriggered ?? false } }
    } catch {
      failure.withLock { $0 = error }
    }
  }

  /// Throws what ended the tap, if it was an error.
  func check() throws {
    if let error = failure.withLock(\.self) { throw error }
  }

  /// Blocks its thread; looks around at least five times a second.
  private func follow(until isOver: () -> Bool) throws {
    let tail = try KafkaTail.open(
      topic: topic, partition: partition, from: start.tail, settings: settings, timeout: .seconds(10), logger: logger)
    var printed = 0
    while printed < count ?? .max, !isOver() {
      guard let record = try tail.next(timeout: .milliseconds(200)) else {
        if Terminal.outputIsAbandoned { return }
        continue
      }
      let line = TapLine(record, isControl: isControl)
      guard Terminal.write(json ? try Terminal.line(json: line) : line.text) else { return }
      printed += 1
    }
  }
}

extension Terminal {
  /// True once the reader of stdout, if it is a pipe, has gone.
  static var outputIsAbandoned: Bool {
    var descriptor = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
    return poll(&descriptor, 1, 0) > 0 && Int32(descriptor.revents) & (POLLERR | POLLNVAL) != 0
  }

  /// Writes text to stdout, whole; false if nobody reads it.
  static func write(_ text: String) -> Bool {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
      return true
    } catch {
      return false
    }
  }
}
