import CLinux
@preconcurrency import Dispatch
import Foundation
import Synchronization

/// Reads a pipe as data comes, keeps the first bytes up to a limit and drops the rest, so that the writer never stalls.
final class OutputCollector: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var isTruncated = false
  }

  /// The end to hand to the child; closed by `closeWriteEnd`.
  let writeEnd: Int32
  private let readEnd: Int32
  private let limitBytes: Int
  private let state = Mutex(State())
  private let source: any DispatchSourceRead

  /// Makes the pipe; nil with errno set when the system refuses.
  init?(limitBytes: Int) {
    var ends: [Int32] = [0, 0]
    guard pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else { return nil }
    // Only our end may be non-blocking: programs do not expect EAGAIN on their output.
    _ = fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) & ~O_NONBLOCK)
    (readEnd, writeEnd, self.limitBytes) = (ends[0], ends[1], limitBytes)
    source = DispatchSource.makeReadSource(fileDescriptor: ends[0], queue: DispatchQueue(label: "lectern.output"))
    let readEnd = ends[0]
    source.setCancelHandler { close(readEnd) }
    source.setEventHandler { [weak self] in self?.drain() }
    source.activate()
  }

  func closeWriteEnd() { close(writeEnd) }

  /// Takes what is in the pipe now and stops. Its writer has ended, so nothing is missed; not waiting for the end of the
  /// stream means that a daemon which inherited the pipe cannot hold us up.
  func finish() -> (bytes: [UInt8], isTruncated: Bool) {
    drain()
    source.cancel()
    return state.withLock { ($0.bytes, $0.isTruncated) }
  }

  private func drain() {
    state.withLock { state in
      guard !source.isCancelled else { return }
      withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
        while true {
          let count = read(readEnd, buffer.baseAddress, buffer.count)
          if count < 0 && errno == EINTR { continue }
          if count == 0 { source.cancel() }
          guard count > 0 else { return }
          let room = limitBytes - state.bytes.count
          state.bytes += buffer[..<min(count, room)]
          if count > room { state.isTruncated = true }
        }
      }
    }
  }
}
