import Ingest
import Services
import Synchronization

/// A worker that runs in a task of its own under a shutdown switch, as a service group would run it.
final class IngestRun: Sendable {
  let worker: IngestWorker
  private let shutdown = GracefulShutdown()
  private let task: Task<Void, any Error>
  private let ended: Flag

  private final class Flag: Sendable {
    let isSet = Atomic(false)
  }

  init(_ worker: IngestWorker) {
    self.worker = worker
    let ended = Flag()
    self.ended = ended
    task = GracefulShutdown.$current.withValue(shutdown) {
      Task {
        defer { ended.isSet.store(true, ordering: .sequentiallyConsistent) }
        try await worker.run()
      }
    }
  }

  var hasEnded: Bool { ended.isSet.load(ordering: .sequentiallyConsistent) }

  /// Waits until the worker holds partitions and the control topic is read.
  func becomeReady(within limit: Duration = .seconds(120)) async throws {
    let deadline = ContinuousClock.now + limit
    while !worker.health.problems.isEmpty {
      if hasEnded { try await task.value }
      guard ContinuousClock.now < deadline else { throw IngestBenchError.tooSlow }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Asks the worker to end and waits for it; throws what ended it if that was something else.
  func stop() async throws {
    shutdown.trigger()
    try await task.value
  }

  /// Waits for the worker's own end, which for a healthy one never comes.
  func end() async throws { try await task.value }
}
