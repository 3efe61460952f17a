import Foundation
package import Telemetry

/// Starts services in order, waits, and stops them in reverse order.
///
/// The group ends when a shutdown signal arrives, `triggerGracefulShutdown` is called, the calling task is cancelled,
/// or any service returns or throws. Then the services still running are asked to end one after the other, the last
/// started first, each awaited before the next is asked. When the deadline for all of them passes, or a second signal
/// arrives, the rest is cancelled; whoever ignores that for another deadline is left behind and reported. Without a
/// deadline the group waits: that is for a group inside a service of another one. Where a signal asked for the end and
/// the process cannot even do all this, for want of threads, it is ended 5 s after the second deadline.
package struct ServiceGroup: Sendable {
  private let services: [any Service]
  private let signals: [Int32]
  private let deadline: Duration?
  private let logger: Logger
  private let trigger = GracefulShutdown()

  package init(
    services: [any Service], gracefulShutdownSignals: [Int32] = [SIGTERM, SIGINT],
    shutdownDeadline: Duration? = .seconds(20), logger: Logger
  ) {
    (self.services, signals) = (services, gracefulShutdownSignals)
    (deadline, self.logger) = (shutdownDeadline, logger)
  }

  /// Asks the group to end; `run` then stops the services and returns. Before `run` it makes `run` end at once.
  package func triggerGracefulShutdown() { trigger.trigger() }

  /// Runs until the group ends; throws the first error of a service, or `ServiceGroupError`. A broken pipe becomes an
  /// error code of the call that wrote into it, as this ignores SIGPIPE in the whole process.
  package func run() async throws {
    signal(SIGPIPE, SIG_IGN)
    let (events, continuation) = AsyncStream<ServiceGroupState.Event>.makeStream()
    // Whoever ignores cancellation has been left behind by then.
    let patience = deadline.map { $0 * 2 + .seconds(5) }
    let watch = SignalWatch.shared.add(signals, patience: patience) { continuation.yield(.signal($0)) }
    defer { SignalWatch.shared.remove(watch) }

    let switches = services.map { _ in GracefulShutdown() }
    let tasks = zip(services, switches).enumerated().map { index, pair in
      let (service, shutdown) = pair
      return GracefulShutdown.$current.withValue(shutdown) {
        Task {
          do {
            try await service.run()
            continuation.yield(.ended(index, nil))
          } catch {
            continuation.yield(.ended(index, error))
          }
        }
      }
    }
    let triggerID = trigger.add { continuation.yield(.shutdown) }
    defer { if let triggerID { trigger.remove(triggerID) } }

    // The loop must outlive the cancellation of its caller, so it has a task of its own and is only told of it.
    let loop = Task { await follow(events, into: continuation, switches: switches, tasks: tasks) }
    let error = await withTaskCancellationHandler {
      await loop.value
    } onCancel: {
      continuation.yield(.cancelled)
    }
    if let error { throw error }
  }

  /// Does what the state machine decides until it is finished; returns what the group throws.
  private func follow(
    _ events: AsyncStream<ServiceGroupState.Event>,
    into continuation: AsyncStream<ServiceGroupState.Event>.Continuation, switches: [GracefulShutdown],
    tasks: [Task<Void, Never>]
  ) async -> (any Error)? {
    var state = ServiceGroupState(names: services.map { "\(type(of: $0))" })
    var timer: Task<Void, Never>?
    defer { timer?.cancel() }
    var stream = events.makeAsyncIterator()
    while !state.isFinished, let event = await stream.next() {
      for action in state.handle(event) {
        switch action {
        case .ask(let index): switches[index].trigger()
        case .cancelAll: for task in tasks { task.cancel() }
        case .startDeadline:
          timer?.cancel()
          guard let deadline else { continue }
          timer = Task {
            try? await Task.sleep(for: deadline)
            if !Task.isCancelled { continuation.yield(.deadline) }
          }
        case .log(let level, let message, let service):
          logger.log(level, message, metadata: service.map { ["service": .string($0)] } ?? [:])
        }
      }
    }
    return state.error
  }
}
