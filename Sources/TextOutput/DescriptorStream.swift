import Files
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
    let bytes = Array(text.utf8)
    let outcome = lock.withLock { _ in
      bytes.withUnsafeBytes { buffer in
        Result { () throws(SystemError) in try OpenDescriptor(descriptor).write(buffer) }
      }
    }
    if case .failure(let error) = outcome {
      throw TextStreamError(code: error.number, description: String(cString: strerror(error.number)))
    }
  }
}
