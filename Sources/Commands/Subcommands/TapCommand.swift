import Arguments
import Configuration
import KafkaIO
import LearningEvents
import Services
import Telemetry

struct TapCommand: Command {
  static let configuration = CommandConfiguration(
    "tap", abstract: "Print events as they pass, without pictures and without whose they are.",
    discussion: """
      Reads the log as a bystander: no consumer group, nothing committed, no worker disturbed. Of a frame it prints place,
      time, mode, sizes, source, course, event id, segment and sequence; never the picture, the learner's or the session's
      id. Of a bad event it says what is wrong, and source, course and event id where they can be read. Ends after --count events, on Ctrl-C, and when nobody reads its output any more.
      """)

  @OptionGroup var kafka: KafkaOptions
  @Option(help: "the topic; of frames unless given") var topic: TopicName?
  @Option(help: "one partition; all unless given") var partition: PartitionNumber?
  @Option(help: "where to begin: end, beginning, a time like 2026-11-23T10:00:00Z, or how long ago, like -10m")
  var from: TapStart = .end
  @Option(help: "end after so many events") var count: Int?
  @Flag(help: "print JSON, an object a line") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(self, in: environment, servers: [.kafka], required: [Keys.bootstrapServers])
    guard count ?? 0 >= 0 else { throw UsageError("--count is a number from 0 on") }
    let tap = Tap(
      context: context, topic: topic ?? context.settings[Keys.frameTopic], partition: partition?.value,
      start: from.start(now: context.clock()),
      count: count, json: json)
    try await ServiceGroup(services: [tap], logger: context.logger.labelled("tap")).run()
    try tap.check()
  }
}

/// Where Kafka is, for commands that talk to it alone.
struct KafkaOptions: ArgumentGroup {
  @Option(key: Keys.bootstrapServers, long: "kafka", group: "Servers") var kafka: String?
  @OptionGroup var common: CommonOptions
}

/// Where `lectern tap` begins.
enum TapStart: ConfigurationValue, Equatable {
  case end, beginning
  case time(TimeArgument)

  init?(configurationText text: String) {
    switch text {
    case "end": self = .end
    case "beginning": self = .beginning
    default:
      guard let time = TimeArgument(configurationText: text) else { return nil }
      self = .time(time)
    }
  }

  var configurationText: String {
    switch self {
    case .end: "end"
    case .beginning: "beginning"
    case .time(let time): time.configurationText
    }
  }

  static var configurationExpectation: String { "end, beginning, \(TimeArgument.configurationExpectation)" }

  func start(now: EventTime) -> KafkaTail.Start {
    switch self {
    case .end: .end
    case .beginning: .beginning
    case .time(let time): .time(milliseconds: time.time(now: now).milliseconds)
    }
  }
}
