import Foundation
import Processes
import Synchronization
import TestSupport
import Testing

/// An operator who runs `lectern verify` on the live system again and again: whatever happens, the database adds up.
/// Any thread.
final class TortureAudit: Sendable {
  private struct Report: Decodable {
    struct Check: Decodable { let name, outcome: String, violations: Int64 }
    let ok: Bool
    let checks: [Check]
  }

  private let bench: FaultBench
  private let found: @Sendable (String) -> Void
  private let whole = Atomic(0)
  private let task = Mutex<Task<Void, Never>?>(nil)

  /// - Parameter found: told of a look that found something.
  init(_ bench: FaultBench, found: @escaping @Sendable (String) -> Void) { (self.bench, self.found) = (bench, found) }

  /// Looks that came to their end before the database went away.
  var looks: Int { whole.load(ordering: .relaxed) }

  func start() {
    task.withLock { task in
      task = Task { [self] in
        // A look reads all samples: of a long run it must not become the load.
        var pause = Duration.seconds(5)
        while !Task.isCancelled {
          try? await Task.sleep(for: pause)
          pause = max(.seconds(5), await ContinuousClock().measure { await look() } * 4)
        }
      }
    }
  }

  /// Ends after the look that is under way.
  func stop() async {
    let running = task.withLock { $0 }
    running?.cancel()
    await running?.value
  }

  private func look() async {
    // What is asked of Kafka is judged at the end: the broker may be away.
    let result = try? await bench.ingest.lectern(["verify", "--database-only", "--json"], deadline: .seconds(300))
    guard let result else { return }
    guard let report = try? JSONDecoder().decode(Report.self, from: Data(result.output.utf8)) else {
      // It says nothing where the database went away; any other end is one of its own.
      if result.status != .exited(1) { found("verify: \(result.status), \(result.error.suffix(500))") }
      return
    }
    whole.wrappingAdd(1, ordering: .relaxed)
    if !report.ok { found("verify: \(report.checks.filter { $0.outcome != "ok" })") }
  }
}
