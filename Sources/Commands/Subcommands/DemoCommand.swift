import Arguments
import Configuration
import Files
import Foundation
import ImageTypes

struct DemoCommand: Command {
  static let configuration = CommandConfiguration(
    "demo", abstract: "Show the whole system on this machine, with a page to look at.",
    discussion: """
      Starts a private PostgreSQL and the broker inside librdkafka (or uses the servers LECTERN_POSTGRES_URL and
      LECTERN_KAFKA_BOOTSTRAP_SERVERS name), publishes a lesson's frames, recognises them with an untrained network,
      computes the figures, writes the report and serves it on 127.0.0.1. What it shows is how the software works and
      says nothing about anyone: the network is untrained, and without --frames the faces are drawn.
      """)

  @OptionGroup var common: CommonOptions
  @Option(help: "folder of \(ImageType.names("and")) files to use as frames", completion: .directory) var frames:
    FilePath?
  @Option(help: "length of the lesson; each learner sends a frame every 10 s of it") var duration: Duration =
    .seconds(300)
  @Option(help: "learners who consent; one more does not") var learners: Int = 20
  @Option(
    long: "data-dir", help: "folder for database, model and report; kept for the next run", completion: .directory)
  var dataFolder: String?
  @Option(key: Keys.httpPort, long: "port") var port: Int?
  @Flag(help: "end when the report is written") var exitWhenDone: Bool
  @Flag(help: "print one JSON object at the end") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    guard duration >= .seconds(60), duration <= .seconds(86_400) else {
      throw UsageError("--duration is from 1m to 1d: each of the six segments needs a frame")
    }
    guard (1...1000).contains(learners) else { throw UsageError("--learners is from 1 to 1000") }
    let folder = DemoFolder(
      path: URL(fileURLWithPath: dataFolder ?? DemoFolder.standard(environment)).standardizedFileURL.path)
    let pictures = try frames.map { try PictureFiles([$0]) }
    let lesson = DemoLesson.lesson(
      learners: learners, duration: duration, endingAt: environment.clock())
    let demo = Demo(
      environment: environment, folder: folder, lesson: lesson, pictures: pictures, flags: configurationFlags,
      endsWhenDone: exitWhenDone,
      printsJSON: json)
    try await demo.run()
  }
}
