import Foundation
import Ingest
import Services
import Telemetry

/// Writes the process's metrics into a file again and again, so that whoever reads it needs no port and also sees what
/// a killed process had counted. `lectern_stub_problems` is the number of reasons for which it is not ready.
struct MetricsFile: Service {
  let path: String
  let registry: MetricsRegistry
  let health: IngestHealth

  func run() async throws {
    let problems = registry.gauge("lectern_stub_problems", help: "Reasons for which the worker is not ready")
    while !isShuttingDownGracefully {
      problems.set(health.problems.count)
      write()
      try? await Task.sleep(for: .milliseconds(100))
    }
    write()
  }

  /// Atomic, so that a reader never meets half a file; a full disk costs only the numbers.
  private func write() { try? Data(registry.prometheusText().utf8).write(to: URL(filePath: path), options: .atomic) }
}
