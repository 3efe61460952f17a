import Foundation
import KafkaIO
import LearningEvents
import Services
import Synchronization
import Telemetry
import TextOutput

/// Prints passing events until the wanted number is printed, the command is asked to end, or the reader of its output
/// has gone.
final class Tap: Service {
  let settings: KafkaSettings
  let topic: TopicName
  let isControl: Bool
  let partition: Int32?
  let start: TapStart
  /// How many events; nil has no end.
  let count: Int?
  let json: Bool
  let console: Console
  let logger: Logger
  /// The error that ended it. Not thrown by `run`: the service group would wrap the command's own error.
  private let failure = Mutex<(any Error)?>(nil)

  init(
    settings: KafkaSettings, topic: TopicName, isControl: Bool, partition: Int32?, start: TapStart, count: Int?,
    json: Bool, console: Console, logger: Logger
  ) {
    (self.settings, self.topic, self.isControl) = (settings, topic, isControl)
    (self.partition, self.start, self.count) = (partition, start, count)
    (self.json, self.console, self.logger) = (json, console, logger)
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

  /// Blocks its thread; checks whether it should end at least five times a second.
  private func follow(until isOver: () -> Bool) throws {
    let tail = try KafkaTail.open(
      topic: topic, partition: partition, from: start.tail, settings: settings, timeout: .seconds(10), logger: logger)
    var printed = 0
    while printed < count ?? .max, !isOver() {
      guard let record = try tail.next(timeout: .milliseconds(200)) else {
        if console.output.isAbandoned { return }
        continue
      }
      let line = TapLine(record, isControl: isControl)
      guard console.print(json ? try Console.line(json: line) : line.text) else { return }
      printed += 1
    }
  }
}
