import CLinux
import Dispatch
import Foundation
import Services
import Synchronization

/// Starts child processes, all from one permanent thread. One per program is enough; any thread may call it.
///
/// A child must not survive its parent, even one killed with SIGKILL. Linux offers `PR_SET_PDEATHSIG` for that, which
/// the child has to set on itself and which fires when the *thread* that started it ends: hence the permanent thread,
/// kept alive by every running child. Between fork and exec a multithreaded Swift program can run nothing of its own,
/// and `posix_spawn` has no such attribute, so children go through `setpriv --pdeathsig KILL` of util-linux (essential
/// on Debian), which sets it, changes the user if asked and replaces itself with the program: same process, same id.
/// Children start with an emptied signal mask (Dispatch's threads block nearly all signals), default handlers, a
/// process group of their own, and no descriptors but the standard three and those they are lent.
package final class ProcessLauncher: Sendable {
  private let thread = ThreadExecutor(name: "launcher", stackSizeBytes: 1 << 20)

  package init() {}

  /// Starts a long-lived child, whose standard input is empty.
  ///
  /// - Parameter log: the file that its output and errors are appended to, created with mode 0600 by the parent (so its
  ///   user may differ from the child's).
  package func launch(_ command: ChildCommand, log: String) async throws(ProcessError) -> ChildProcess {
    try await thread.run { () throws(ProcessError) in
      let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else {
        throw .system(call: "open its output", errno: errno, executable: command.executable)
      }
      defer { close(descriptor) }
      let pid = try self.spawn(command, output: descriptor, errors: descriptor)
      return ChildProcess(pid: pid, launcher: self)
    }
  }

  /// Starts a helper that works for one thread and talks over descriptors it is lent: it has them as 3, 4, … besides
  /// empty standard streams. They stay the caller's. Blocks the calling thread while the child is started; never call
  /// it on the cooperative pool.
  package func launchHelper(_ command: ChildCommand, descriptors: [Int32]) throws(ProcessError) -> ChildProcess {
    let started = Mutex<Result<ChildProcess, ProcessError>?>(nil)
    let done = DispatchSemaphore(value: 0)
    thread.submit { [self] in
      let result = Result { () throws(ProcessError) in try startHelper(command, descriptors: descriptors) }
      started.withLock { $0 = result }
      done.signal()
    }
    done.wait()
    guard let result = started.withLock({ $0 }) else { preconditionFailure("the launcher's thread answers") }
    return try result.get()
  }

  /// Runs a child to its end. Its standard input is empty; of each output stream the first `outputLimitBytes` are kept.
  /// When the deadline passes or the caller is cancelled, its process group is killed and this throws.
  package func run(
    _ command: ChildCommand, outputLimitBytes: Int = 1 << 20, deadline: Duration
  ) async throws -> ProcessResult {
    try Task.checkCancellation()
    let (child, streams) = try await thread.run { () throws(ProcessError) in
      try self.startCollecting(command, outputLimitBytes: outputLimitBytes)
    }
    let (status, isLate) = await withTaskCancellationHandler {
      let killer = Task {
        try? await Task.sleep(for: deadline)
        if Task.isCancelled { return false }
        child.send(SIGKILL, toGroup: true)
        return true
      }
      let status = await child.waitForExit()
      killer.cancel()
      return (status, await killer.value)
    } onCancel: {
      child.send(SIGKILL, toGroup: true)
    }
    let (output, errors) = (await streams.output.finish(), await streams.errors.finish())
    try Task.checkCancellation()
    if isLate, status == .signalled(SIGKILL) {
      throw ProcessError.deadlineExceeded(executable: command.executable, deadline: deadline)
    }
    return ProcessResult(status: status, output: output, errorOutput: errors)
  }
}
