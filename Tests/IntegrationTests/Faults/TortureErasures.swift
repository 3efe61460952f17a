import Foundation
import LearningEvents
import Processes
import Synchronization
import TestSupport
import Testing

/// An operator who erases one learner, again and again until the program says that it is done. Any thread.
final class TortureErasures: Sendable {
  private let bench: FaultBench
  private let learner: LearnerID
  private let running = Atomic(0)
  private let last = Mutex<Task<Void, any Error>?>(nil)

  init(_ bench: FaultBench, learner: LearnerID) { (self.bench, self.learner) = (bench, learner) }

  /// Whether an erasure that was begun is not done yet.
  var isRunning: Bool { running.load(ordering: .relaxed) > 0 }

  /// Begins one, after those that were begun before.
  func begin() {
    running.wrappingAdd(1, ordering: .relaxed)
    last.withLock { last in
      last = Task { [previous = last] in
        defer { running.wrappingSubtract(1, ordering: .relaxed) }
        try await previous?.value
        try await erase()
      }
    }
  }

  /// Waits until all are done; throws if one could not be.
  func finish() async throws { try await last.withLock { $0 }?.value }

  private func erase() async throws {
    let limit = ContinuousClock.now + .seconds(300)
    while true {
      let begun = IngestBench.now
      let result = try await bench.ingest.lectern(
        [
          // A restored database may not know the learner yet, and the broker may be away.
          "erase", "--source", IngestBench.source.text, "--learner", learner.text, "--yes", "--unknown",
          "--database-only",
        ], deadline: .seconds(300))
      if result.status == .exited(0) {
        return bench.journal.erased(source: IngestBench.source, learner: learner, at: begun)
      }
      // The database went away in the middle of it.
      guard ContinuousClock.now < limit else { throw FaultBenchError.tooSlow("erasure: \(result.error)") }
      try await Task.sleep(for: .milliseconds(300))
    }
  }
}
