import Foundation
import Synchronization

/// A file descriptor of this process, such as standard output, that text is written to.
package final class DescriptorStream: TextStream {
  private let descriptor: Int32
  private let lock = Mutex(())

  /// The descriptor stays the caller's and must outlive the stream.
  package init(_ descriptor: Int32) { self.descriptor = descriptor }

  package var isTerminal: Bool { isatty(descriptor) == 1 }

  package var size: (columns: Int, rows: Int)? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  package var isAbandoned: Bool {
    var state = pollfd(fd: descriptor, events: 0, revents: 0)
    return poll(&state, 1, 0) > 0 && Int32(state.revents) & (POLLERR | POLLNVAL) != 0
  }

  package func write(_ text: String) throws(TextStreamError) {
    let code = lock.withLock { _ in
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno != EINTR { return errno }
        rest = rest.dropFirst(max(0, count))
      }
      return 0
    }
    if code != 0 { throw TextStreamError(code: code, description: String(cString: strerror(code))) }
  }
}
