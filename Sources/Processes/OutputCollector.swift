import CLinux
import Glibc
import Services
import Synchronization

/// Reads a pipe as data comes, keeps the first bytes up to a limit and drops the rest, so that the writer never stalls.
///
/// A thread of its own waits in `poll`. A Dispatch source would cost no thread, but cancelling one whose pipe has just
/// been hung up crashed inside libdispatch's event loop (Swift 6.3, Linux).
final class OutputCollector: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var isDone = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  /// The end to hand to the child; closed by `closeWriteEnd`.
  let writeEnd: Int32
  private let readEnd: Int32
  /// Written to by `finish`, read by the thread.
  private let wakeWriteEnd: Int32
  private let wakeReadEnd: Int32
  private let limitBytes: Int
  private let state = Mutex(State())

  /// Makes the pipe and starts the thread; nil with errno set when the system refuses.
  init?(limitBytes: Int) {
    var ends: [Int32] = [0, 0]
    var wake: [Int32] = [0, 0]
    guard pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else { return nil }
    guard pipe2(&wake, O_CLOEXEC | O_NONBLOCK) == 0 else {
      let reason = errno
      for end in ends { close(end) }
      errno = reason
      return nil
    }
    // Only our end may be non-blocking: programs do not expect EAGAIN on their output.
    _ = fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) & ~O_NONBLOCK)
    (readEnd, writeEnd, self.limitBytes) = (ends[0], ends[1], limitBytes)
    (wakeReadEnd, wakeWriteEnd) = (wake[0], wake[1])
    // The thread ends by itself after this one job, and keeps this object until then.
    ThreadExecutor(name: "output", stackSizeBytes: 512 << 10).submit { [self] in collect() }
  }

  func closeWriteEnd() { close(writeEnd) }

  /// Takes what is in the pipe now and stops. Its writer has ended, so nothing is missed; not waiting for the end of
  /// the stream means that a daemon which inherited the pipe cannot hold us up. Called once.
  func finish() async -> [UInt8] {
    _ = withUnsafeBytes(of: UInt8(1)) { write(wakeWriteEnd, $0.baseAddress, 1) }
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        if !state.isDone { state.waiter = continuation }
        return state.isDone
      }
      if isDone { continuation.resume() }
    }
    return state.withLock(\.bytes)
  }

  // Not by the thread: `finish` may still write, and to a pipe that nobody reads that is a signal.
  deinit {
    close(wakeWriteEnd)
    close(wakeReadEnd)
  }

  /// The body of the thread: reads until the end of the stream, or once more after it is told to stop.
  private func collect() {
    var polled = [
      pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
      pollfd(fd: wakeReadEnd, events: Int16(POLLIN), revents: 0),
    ]
    var isOpen = true
    while isOpen, polled[1].revents == 0 {
      guard poll(&polled, 2, -1) >= 0 || errno == EINTR else { break }
      isOpen = drain()
    }
    close(readEnd)
    let waiter = state.withLock { state in
      state.isDone = true
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  /// Reads what is there; false at the end of the stream.
  private func drain() -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
      while true {
        let count = read(readEnd, buffer.baseAddress, buffer.count)
        if count < 0 && errno == EINTR { continue }
        if count < 0 { return errno == EAGAIN }
        if count == 0 { return false }
        state.withLock { $0.bytes += buffer[..<min(count, limitBytes - $0.bytes.count)] }
      }
    }
  }
}
