import Foundation
import Processes
import Synchronization

/// What was not as it should be, such as how a worker ended: those that are asked to end in order do so beside
/// everything else. Any thread.
final class TortureEnds: Sendable {
  private let noted = Mutex<[String]>([])
  private let running = Atomic(0)

  /// The first hundred.
  var surprises: [String] { noted.withLock { $0 } }
  /// Workers that were asked to end and have not yet.
  var stopping: Int { running.load(ordering: .relaxed) }

  /// Asks a worker to end in order. Before it has set up its signals, in its first moments, the signal itself ends it.
  func stop(_ worker: StubWorkerProcess) {
    running.wrappingAdd(1, ordering: .relaxed)
    Task {
      let status = await worker.stop()
      if status != .exited(0), status != .signalled(SIGTERM) || worker.hasBegun { note(worker) }
      running.wrappingSubtract(1, ordering: .relaxed)
    }
  }

  /// Takes down a worker that ended wrongly.
  func note(_ worker: StubWorkerProcess) {
    let status = worker.exitStatus.map { "\($0)" } ?? "no end"
    note("\(worker.name): \(status)\n\(worker.lastWords)")
  }

  func note(_ surprise: String) {
    noted.withLock { noted in
      if noted.count < 100 { noted.append(surprise) }
    }
  }
}
