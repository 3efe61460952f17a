import Arguments
import Configuration
import KafkaIO
import LearningEvents
import Services
import Synchronization
import TextOutput

/// Prints passing events until the wanted number is printed, the command is asked to end, or the reader of its output
/// has gone.
final class Tap: Service {
  private let context: CommandContext
  private let topic: TopicName
  private let partition: Int32?
  private let start: KafkaTail.Start
  /// How many events; nil has no end.
  private let count: Int?
  private let json: Bool
  /// The error that ended it. Not thrown by `run`: the service group would log the command's own error.
  private let failure = Mutex<(any Error)?>(nil)

  init(
    context: CommandContext, topic: TopicName, partition: Int32?, start: KafkaTail.Start, count: Int?, json: Bool
  ) {
    (self.context, self.topic, self.partition) = (context, topic, partition)
    (self.start, self.count, self.json) = (start, count, json)
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
      topic: topic, partition: partition, from: start, settings: context.kafka, timeout: .seconds(10),
      logger: context.logger)
    let (console, isControl) = (context.console, topic == context.settings[Keys.controlTopic])
    var printed = 0
    while printed < count ?? .max, !isOver() {
      guard let record = try tail.next(timeout: .milliseconds(200)) else {
        if console.output.isAbandoned { throw OutputAbandoned() }
        continue
      }
      let line = TapLine(record, isControl: isControl)
      guard console.print(json ? try Console.line(json: line) : line.text) else {
        throw OutputAbandoned()
      }
      printed += 1
    }
  }
}
