import Foundation
import Processes
import TestSupport
import Testing

/// A worker with the stub classifier in a process of its own, which a test may stop, freeze and kill.
final class StubWorkerProcess: Sendable {
  /// The program, built beside the test's own.
  static let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "StubWorker").path

  let name: String
  private let child: ChildProcess
  private let metricsPath: String
  private let logPath: String

  init(name: String, folder: String, environment: [String: String?]) async throws {
    self.name = name
    metricsPath = "\(folder)/\(name).metrics"
    logPath = "\(folder)/\(name).log"
    let own: [String: String?] = [
      "LECTERN_STUB_METRICS_FILE": metricsPath, "LECTERN_STUB_NAME": name, "LECTERN_LOG_LEVEL": "info",
    ]
    child = try await ProcessLauncher().launch(
      ChildCommand(Self.executable, environment: environment.merging(own) { $1 }), log: logPath)
  }

  var exitStatus: Processes.ExitStatus? { child.exitStatus }

  /// Ends it as an operator would.
  func stop(grace: Duration = .seconds(30)) async -> Processes.ExitStatus { await child.terminate(grace: grace) }

  /// Ends it as the kernel would.
  @discardableResult
  func kill() async -> Processes.ExitStatus { await child.terminate(signal: SIGKILL) }

  func freeze() { child.send(SIGSTOP) }
  func thaw() { child.send(SIGCONT) }

  /// The sum of a metric's series, those with `label` in them if one is given; 0 before the first.
  func metric(_ name: String, _ label: String = "") -> Double {
    let text = (try? String(contentsOfFile: metricsPath, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").filter { line in
      line.hasPrefix(name) && line.dropFirst(name.count).first.map { $0 == " " || $0 == "{" } == true
        && (label.isEmpty || line.contains(label))
    }
    .reduce(0) { $0 + (Double($1.split(separator: " ").last ?? "") ?? 0) }
  }

  /// Whether it came as far as to write its metrics, which it does before anything else.
  var hasBegun: Bool { FileManager.default.fileExists(atPath: metricsPath) }

  var assignedPartitions: Int { Int(metric("lectern_ingest_assigned_partitions")) }
  var rebalances: Int { Int(metric("lectern_ingest_rebalances_total")) }
  var fenced: Int { Int(metric("lectern_ingest_fenced_total")) }
  var samples: Int { Int(metric("lectern_ingest_records_total", "outcome=\"sample\"")) }

  /// What it holds in memory, in bytes; 0 once it has ended.
  var residentBytes: Int { Self.residentBytes(of: child.pid) }

  static func residentBytes(of pid: Int32) -> Int {
    let text = (try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)) ?? ""
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
  }

  /// Lines of its log that contain these words.
  func logLines(_ words: String) -> [String] {
    ((try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "").split(separator: "\n")
      .filter { words.isEmpty || $0.contains(words) }.map(String.init)
  }

  /// What it wrote that is no log line, such as the last words of a library: the first of it.
  var lastWords: String {
    logLines("").filter { !$0.hasPrefix("{") && !$0.isEmpty }.prefix(60).joined(separator: "\n")
  }

  /// The end of its log, for a failing test.
  var logTail: String { logLines("").suffix(12).joined(separator: "\n") }
}
