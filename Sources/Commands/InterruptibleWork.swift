import Arguments
import Services
import Synchronization
import Telemetry
import TextOutput

/// Work of a command that SIGINT and SIGTERM interrupt.
struct InterruptibleWork<Value: Sendable> {
  /// How long interrupted work may still run. Work that takes longer is abandoned, so it must have no effect outside
  /// the process, or end in time.
  let grace: Duration
  /// The message after an interruption, and where it is printed.
  let notice: String
  let console: Console
  let body: @Sendable () async throws -> Value

  init(
    grace: Duration, notice: String = "interrupted; nothing was written", console: Console,
    _ body: @escaping @Sendable () async throws -> Value
  ) {
    (self.grace, self.notice) = (grace, notice)
    self.console = console
    self.body = body
  }

  /// Runs the work once, cancelled by a signal.
  ///
  /// - Throws: what the work throws; `ExitCode` 130, as a shell says of SIGINT, after an interruption.
  func run() async throws -> Value {
    let task = WorkService(body: body)
    // The group's error would be about services; the only one it can throw is about abandoned work.
    try? await ServiceGroup(services: [task], shutdownDeadline: grace, logger: .silent).run()
    switch task.outcome.withLock(\.self) {
    case .success(let value)?: return value
    case .failure(let error)? where !(error is CancellationError): throw error
    case .failure, nil:
      console.note(notice + "\n")
      throw ExitCode(130)
    }
  }

  private final class WorkService: Service {
    let body: @Sendable () async throws -> Value
    let outcome = Mutex<Result<Value, any Error>?>(nil)

    init(body: @escaping @Sendable () async throws -> Value) { self.body = body }

    /// Never throws: the group would wrap the command's own error.
    func run() async throws {
      let result: Result<Value, any Error>
      do {
        result = .success(try await cancelWhenGracefulShutdown(body))
      } catch {
        result = .failure(error)
      }
      outcome.withLock { $0 = result }
    }
  }
}
