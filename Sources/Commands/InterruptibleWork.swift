import Arguments
import Services
import Synchronization
import Telemetry
import TextOutput

extension CommandContext {
  /// Runs work once that SIGINT and SIGTERM interrupt.
  ///
  /// - Parameters:
  ///   - grace: how long interrupted work may still run. Work that takes longer is abandoned, so it must have no effect
  ///     outside the process, or end in time.
  ///   - notice: what is printed after an interruption.
  /// - Throws: what the work throws; `ExitCode` 130, as a shell says of SIGINT, after an interruption.
  func interruptible<Value: Sendable>(
    grace: Duration, notice: @autoclosure () -> String = "interrupted; nothing was written",
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let work = InterruptibleWork(body: body)
    // The group's error would be about services; the only one it can throw is about abandoned work.
    try? await ServiceGroup(services: [work], shutdownDeadline: grace, logger: .silent).run()
    switch work.outcome.withLock(\.self) {
    case .success(let value)?: return value
    case .failure(let error)? where !(error is CancellationError): throw error
    case .failure, nil:
      console.note(notice() + "\n")
      throw ExitCode.interrupted
    }
  }
}

private final class InterruptibleWork<Value: Sendable>: Service {
  let body: @Sendable () async throws -> Value
  let outcome = Mutex<Result<Value, any Error>?>(nil)

  init(body: @escaping @Sendable () async throws -> Value) { self.body = body }

  /// Never throws: the group would log the command's own error.
  func run() async {
    let result: Result<Value, any Error>
    do {
      result = .success(try await cancelWhenGracefulShutdown(body))
    } catch {
      result = .failure(error)
    }
    outcome.withLock { $0 = result }
  }
}
