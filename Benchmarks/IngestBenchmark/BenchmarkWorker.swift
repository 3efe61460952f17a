import Foundation
import LearningEvents
import Processes

/// The stub worker as a child: the product's ingest with a classifier that costs one hash a frame.
struct BenchmarkWorker {
  let child: ChildProcess

  static func start(
    _ options: IngestBenchmarkOptions, database: String, topics: (frames: TopicName, control: TopicName)
  ) async throws -> BenchmarkWorker {
    let environment: [String: String?] = [
      "LECTERN_KAFKA_BOOTSTRAP_SERVERS": options.kafka, "LECTERN_POSTGRES_URL": database,
      "LECTERN_KAFKA_FRAME_TOPIC": topics.frames.text,
      "LECTERN_KAFKA_CONTROL_TOPIC": topics.control.text,
      "LECTERN_KAFKA_GROUP": "bench-\(UInt32.random(in: .min ... .max))",
      "LECTERN_PSEUDONYM_SECRET": IngestBenchmark.secret, "LECTERN_INGEST_BATCH_RECORDS": "\(options.batch)",
      "LECTERN_LOG_LEVEL": "warning",
    ]
    let child = try await ProcessLauncher().launch(
      ChildCommand(options.worker, environment: environment), log: "/dev/stderr")
    return BenchmarkWorker(child: child)
  }

  /// Resident memory in bytes; 0 once the process has ended.
  var residentBytes: Int {
    let status = (try? String(contentsOfFile: "/proc/\(child.pid)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0) * 1024
  }

  /// Seconds of processor time so far, of all threads.
  var processorSeconds: Double {
    let stat = (try? String(contentsOfFile: "/proc/\(child.pid)/stat", encoding: .utf8)) ?? ""
    let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  func stop() async { _ = await child.terminate(grace: .seconds(30)) }
}
