import Foundation
import KafkaIO
import LearningEvents
import PostgresIO
import Processes
import Telemetry

/// How fast one worker stores frames, and in how much memory: the product's ingest, real Kafka, real PostgreSQL, and a
/// classifier that costs one hash a frame. Not part of the program; docs/reliability.md says what came out.
@main
enum IngestBenchmark {
  static let secret = "a secret of the benchmark, 32 bytes long"

  static func main() async throws {
    guard let options = IngestBenchmarkOptions(CommandLine.arguments.dropFirst()) else {
      note(IngestBenchmarkOptions.usage)
      exit(64)
    }
    let suffix = UInt32.random(in: .min ... .max)
    let topics: (TopicName, TopicName) = ("bench-frames-\(suffix)", "bench-control-\(suffix)")
    let admin = try KafkaAdmin(settings: KafkaSettings(bootstrapServers: options.kafka), logger: .silent)
    try admin.createTopic(topics.0, partitions: options.partitions)
    try admin.createTopic(topics.1, partitions: 1)
    let machine = "\(processor), \(ProcessInfo.processInfo.activeProcessorCount) cores"
    note("\(machine); load average \(loadAverage)\n")
    if let rate = options.rate {
      let report = try await BesideRun(options: options, topics: topics, rate: rate).run()
      print(options.isJSON ? try json(report) : report.text)
    } else {
      note("Writing \(options.frames) frames of \(options.bytes) bytes…\n")
      let source = try FrameSource(options, topic: topics.0)
      try await source.send(options.frames)
      guard await source.flush() else { throw BenchmarkError.notWritten }
      var runs: [DrainRun.Report] = []
      for number in 1...options.runs {
        let report = try await DrainRun(options: options, topics: topics).run()
        runs.append(report)
        note("run \(number): \(report.text)\n")
      }
      let rates = runs.map(\.framesPerSecond).sorted()
      print(
        options.isJSON
          ? try json(runs)
          : "median \(Int(rates[rates.count / 2])) frames a second (\(Int(rates[0]))…\(Int(rates[rates.count - 1])))")
    }
    try admin.deleteTopic(topics.0)
    try admin.deleteTopic(topics.1)
  }

  static func note(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private static var processor: String {
    let lines = ((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "").split(separator: "\n")
    let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
  }

  private static var loadAverage: String {
    var load = [0.0]
    return getloadavg(&load, 1) == 1 ? String(format: "%.1f", load[0]) : "unknown"
  }
}

enum BenchmarkError: Error {
  /// The broker did not take the frames in time.
  case notWritten
  case workerEnded
  /// Not every frame became one sample.
  case wrongCount(samples: Int, frames: Int)
}
