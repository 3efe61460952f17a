import Foundation
import LearningEvents
import Processes
import Synchronization
import TestSupport

/// An operator who looks at the ledgers every few seconds, and decides about those that are parked because their log
/// became another one. Any thread.
final class TortureOperator: Sendable {
  private struct Line: Decodable {
    let topic: String
    let partition: Int32
    let parked: String?
  }

  private let bench: FaultBench
  private let task = Mutex<Task<Void, Never>?>(nil)
  /// Looks that found every ledger to fit its log, and decisions.
  private let looks = Atomic(0)
  private let made = Atomic(0)

  init(_ bench: FaultBench) { self.bench = bench }

  /// How often a command decided something.
  var decisions: Int { made.load(ordering: .relaxed) }

  func start() {
    task.withLock { task in
      task = Task { [self] in
        while !Task.isCancelled {
          if (try? await look()) == true { looks.wrappingAdd(1, ordering: .relaxed) }
          try? await Task.sleep(for: .seconds(2))
        }
      }
    }
  }

  func stop() async {
    let running = task.withLock { $0 }
    running?.cancel()
    await running?.value
  }

  /// Waits until every ledger fits its log, by a look that began after this was asked.
  func settle(within limit: Duration) async throws {
    let (deadline, before) = (ContinuousClock.now + limit, looks.load(ordering: .relaxed))
    while looks.load(ordering: .relaxed) < before + 2 {
      guard ContinuousClock.now < deadline else { throw FaultBenchError.tooSlow("ledgers do not fit their logs") }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  /// Whether every ledger fits its log; decides where one does not.
  private func look() async throws -> Bool {
    let shown = try await bench.ingest.lectern(["ledger", "show", "--json"], deadline: .seconds(120))
    guard shown.status == .exited(0),
      let lines = try? JSONDecoder().decode([Line].self, from: Data(shown.output.utf8)),
      !shown.error.contains("Kafka did not answer")
    else { return false }
    let parked = Set(lines.filter { $0.parked != nil }.map(\.topic))
    for topic in parked {
      let result = try await bench.ingest.lectern(
        ["ledger", "new-incarnation", "--topic", topic, "--yes"], deadline: .seconds(120))
      if result.status == .exited(0) { made.wrappingAdd(1, ordering: .relaxed) }
    }
    return parked.isEmpty
  }
}
