import Arguments
import Configuration
import Foundation
import KafkaIO
import LearningEvents
import Services
import Telemetry
import TextOutput

/// `lectern tap`
struct TapCommand: Command {
  static let configuration = CommandConfiguration(
    "tap", abstract: "Print events as they pass, without pictures and without whose they are.",
    discussion: """
      Reads the log as a bystander: no consumer group, nothing committed, no worker disturbed. Of a frame it prints place,
      time, mode, sizes, course, segment and sequence; never the picture, the learner's or the session's id. Of a bad event
      it says what is wrong. Ends after --count events, on Ctrl-C, and when nobody reads its output any more.
      """)

  @OptionGroup var kafka: KafkaOptions
  @Option(help: "the topic; of frames unless given") var topic: TopicName?
  @Option(help: "one partition; all unless given") var partition: PartitionNumber?
  @Option(help: "where to begin: end, beginning, or a time like 2026-11-23T10:00:00Z") var from: TapStart = .end
  @Option(help: "end after so many events") var count: Int?
  @Flag(help: "print JSON, an object a line") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(self, in: environment, required: [Keys.bootstrapServers])
    guard count ?? 0 >= 0 else { throw UsageError("--count is a number from 0 on") }
    let topic = topic ?? context.settings[Keys.frameTopic]
    let tap = Tap(
      settings: context.kafka, topic: topic, isControl: topic == context.settings[Keys.controlTopic],
      partition: partition?.value, start: from, count: count, json: json, console: context.console,
      logger: context.logger)
    try await ServiceGroup(services: [tap], logger: context.logger.labelled("tap")).run()
    try tap.check()
  }
}

/// Where Kafka is, for commands that talk to it alone.
struct KafkaOptions: ArgumentGroup {
  @Option(key: Keys.bootstrapServers, long: "kafka", group: "Servers") var kafka: String?
  @OptionGroup var common: CommonOptions
}

/// Where a tap begins.
enum TapStart: ConfigurationValue, Equatable {
  case end, beginning
  case time(EventTime)

  init?(configurationText text: String) {
    switch text {
    case "end": self = .end
    case "beginning": self = .beginning
    default:
      guard let time = EventTime(rfc3339: text) else { return nil }
      self = .time(time)
    }
  }

  var configurationText: String {
    switch self {
    case .end: "end"
    case .beginning: "beginning"
    case .time(let time): time.rfc3339
    }
  }

  static var configurationExpectation: String { "end, beginning or a time like 2026-11-23T10:00:00Z" }

  var tail: KafkaTail.Start {
    switch self {
    case .end: .end
    case .beginning: .beginning
    case .time(let time): .time(milliseconds: time.microseconds / 1000)
    }
  }
}
