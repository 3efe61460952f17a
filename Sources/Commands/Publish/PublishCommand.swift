import Arguments
import Configuration
import Files
import Foundation
import ImageTypes
import KafkaIO
import LearningEvents
import Telemetry
import TextOutput

struct PublishCommand: Command {
  static let configuration = CommandConfiguration(
    "publish", abstract: "Be the LMS: replay images as frame events.",
    discussion: """
      Takes \(ImageType.names("and")) files and folders of them, several deep. Learners take turns: each frame goes to the next
      learner's session. Announces the course, the sessions and the learners' consent first, unless --frames-only.
      Capture times are spaced by --interval and end now unless --start says when they begin, whatever the rate; a
      worker rejects what was captured more than 14 days ago. Every run opens new sessions. Ends when every frame is
      acknowledged; interrupted, it says how many were and ends with 130.
      """)

  @OptionGroup var common: CommonOptions
  @Argument(help: "images or folders", value: "path", completion: .file) var path: [FilePath]
  @Option(key: Keys.bootstrapServers, long: "kafka") var kafka: String?
  @Option(key: Keys.frameTopic, long: "topic") var topic: TopicName?
  @Option(key: Keys.controlTopic, long: "control-topic") var controlTopic: TopicName?
  @Option(help: "frames a second; 0 for as fast as the broker takes them") var rate: Double = 0
  @Option(help: "learners that take turns") var learners: Int = 1
  @Option(help: "the course's id in the LMS") var course: CourseID = "course-1"
  @Option(help: "the course's title") var title: String = "A replayed course"
  @Option(help: "segments of equal length the course has") var segments: Int = 1
  @Option(help: "the LMS, as the events' source") var source: SourceID = "https://lms.example/replay"
  @Option(help: "time between a learner's frames") var interval: Duration = .seconds(1)
  @Option(help: "capture time of the first frames; unset lets the last ones be taken now") var start: EventTime?
  @Option(help: "frames to send; the images begin again as often as needed") var count: Int?
  @Flag(help: "send no course, session and consent events") var framesOnly: Bool
  @Flag(help: "send structured CloudEvents (JSON) instead of binary ones") var structured: Bool
  @Flag(help: "print the summary as JSON") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    guard (1...100_000).contains(learners), (1...1000).contains(segments), (1...100_000_000).contains(count ?? 1) else {
      throw UsageError("--learners is from 1 to 100000, --segments from 1 to 1000, --count from 1 to 100000000")
    }
    guard rate == 0 || (0.001...1_000_000).contains(rate), interval > .zero, interval <= .seconds(3600) else {
      throw UsageError("--rate is 0 or from 0.001 to 1000000, --interval from 1ms to 1h")
    }
    let context = try CommandContext(self, in: environment, servers: [.kafka], required: [Keys.bootstrapServers])
    let files = try PictureFiles(path)
    if files.skipped > 0 {
      context.console.note("\(files.skipped) files are neither \(ImageType.names("nor")) and are left out\n")
    }
    let wanted = count ?? files.pictures.count
    let perLearner = (wanted + learners - 1) / learners
    let lesson = Lesson(
      source: source, courseID: course, title: title, segments: (1...segments).map { "Segment \($0)" },
      learners: (1...learners).map { "learner-\($0)" as LearnerID },
      start: start ?? context.clock().advanced(by: interval * -perLearner), frameInterval: interval,
      framesPerLearner: perLearner, run: UUID().uuidString.lowercased())
    let producer = try KafkaProducer(settings: context.kafka, logger: context.logger.labelled("publish"))
    let began = environment.uptime()
    var publisher = FramePublisher(
      producer: producer, topic: context.settings[Keys.frameTopic], uptime: environment.uptime)
    publisher.rate = rate
    publisher.mode = structured ? .structured : .binary
    publisher.patience = Self.patience
    let (publishing, pictures, announces) = (publisher, files.taken(by: learners), !framesOnly)
    let progress = context.progress(total: wanted)
    let counts = try await context.interruptible(grace: Self.patience * 2) {
      do {
        if announces {
          for event in lesson.controlEvents(at: context.clock()) {
            try Task.checkCancellation()
            _ = try await producer.produce(event.encoded(), to: context.settings[Keys.controlTopic])
          }
        }
      } catch is CancellationError {
        var counts = PublishCounts()
        counts.isInterrupted = true
        return counts
      }
      return try await publishing.publish(
        lesson.frames(pictures).prefix(wanted),
        progress: { progress.update(done: $0.published, note: "published") })
    }
    progress.finish()
    let seconds = (environment.uptime() - began) / .seconds(1)
    let summary = PublishSummary(
      published: counts.published, failed: counts.failed, bytes: counts.bytes, seconds: seconds,
      interrupted: counts.isInterrupted ? .init(wanted: wanted, unanswered: counts.unanswered) : nil)
    if json { try context.console.print(json: summary) } else { context.console.print(summary.text) }
    if counts.isInterrupted { throw ExitCode.interrupted }
    if counts.failed > 0 { throw PublishError.failed(counts.failed, first: counts.firstFailure) }
  }

  /// How long an interrupted run waits for the acknowledgement of what it has sent.
  private static let patience = Duration.seconds(5)
}
