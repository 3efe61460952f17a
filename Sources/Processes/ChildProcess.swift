import Foundation
import Services
import Synchronization

/// A running child: the leader of a process group of its own. Any thread.
///
/// A thread of its own waits for its end. What is left of its group then is killed before the child is reaped, while
/// its id cannot have been given to anybody else; for the same reason no signal is ever sent after that. Dropping this
/// value leaves the child running; it dies with the program at the latest (see `ProcessLauncher`).
package final class ChildProcess: Sendable {
  private struct State {
    var status: ExitStatus?
    var waiters: [CheckedContinuation<ExitStatus, Never>] = []
  }

  package let pid: Int32
  private let state = Mutex(State())

  /// Takes over the waiting for a child just started. `launcher` is kept alive until the child has ended, because the
  /// end of its thread kills the child.
  init(pid: Int32, launcher: ProcessLauncher) {
    self.pid = pid
    // The thread ends by itself after this one job.
    ThreadExecutor(name: "wait-\(pid)", stackSizeBytes: 512 << 10).submit { [self] in
      wait()
      finish()
      withExtendedLifetime(launcher) {}
    }
  }

  /// How it ended, or nil while it runs.
  package var exitStatus: ExitStatus? { state.withLock(\.status) }

  /// Processor time it has taken so far; nil where the kernel does not say, and once it has ended.
  package var processorTime: Duration? {
    state.withLock { state in
      var clock = clockid_t()
      var time = timespec()
      guard state.status == nil, clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else {
        return nil
      }
      return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
  }

  /// Waits for its end. Cancellation does not shorten this: terminate the child instead.
  package func waitForExit() async -> ExitStatus {
    await withCheckedContinuation { continuation in
      let status: ExitStatus? = state.withLock { state in
        if state.status == nil { state.waiters.append(continuation) }
        return state.status
      }
      if let status { continuation.resume(returning: status) }
    }
  }

  /// Sends a signal to the child, or to its whole group; does nothing once it has ended.
  package func send(_ signal: Int32, toGroup: Bool = false) {
    state.withLock { if $0.status == nil { _ = kill(toGroup ? -pid : pid, signal) } }
  }

  /// Asks the child to end, and kills its whole group when the grace is over (or the caller is cancelled).
  @discardableResult
  package func terminate(signal: Int32 = SIGTERM, grace: Duration = .seconds(10)) async -> ExitStatus {
    send(signal)
    let killer = Task {
      try? await Task.sleep(for: grace)
      if !Task.isCancelled { send(SIGKILL, toGroup: true) }
    }
    defer { killer.cancel() }
    return await withTaskCancellationHandler {
      await waitForExit()
    } onCancel: {
      send(SIGKILL, toGroup: true)
    }
  }

  private func wait() {
    var information = siginfo_t()
    while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
  }

  private func finish() {
    let (status, waiters) = state.withLock { state in
      kill(-pid, SIGKILL)
      var word: Int32 = 0
      while waitpid(pid, &word, 0) < 0 && errno == EINTR {}
      let status = ExitStatus(waitStatus: word)
      state.status = status
      defer { state.waiters = [] }
      return (status, state.waiters)
    }
    for waiter in waiters { waiter.resume(returning: status) }
  }
}
