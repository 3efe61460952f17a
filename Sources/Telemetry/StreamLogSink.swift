import Foundation
import Synchronization

/// Writes each entry as one line to a file descriptor, by default standard error. Whole lines never interleave.
package final class StreamLogSink: LogSink {
  private let fileDescriptor: Int32
  private let format: LogFormat
  private let lock = Mutex(())

  /// The descriptor stays the caller's and must outlive the sink.
  package init(fileDescriptor: Int32 = STDERR_FILENO, format: LogFormat) {
    (self.fileDescriptor, self.format) = (fileDescriptor, format)
  }

  /// Lines on standard error: JSON if asked for, else readable, with colour only on a terminal and unless `NO_COLOR` is
  /// set (the caller passes what the environment says).
  package static func standardError(json: Bool, noColour: Bool = false) -> StreamLogSink {
    StreamLogSink(format: json ? .json : .human(colour: !noColour && isatty(STDERR_FILENO) == 1))
  }

  package func write(_ entry: LogEntry) {
    let bytes = Array((format.line(entry) + "\n").utf8)
    lock.withLock { _ in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Foundation.write(fileDescriptor, $0.baseAddress, $0.count) }
        // Nobody can be told that the log is gone, and losing a line is better than stopping work.
        if count < 0 && errno != EINTR { return }
        rest = rest.dropFirst(max(0, count))
      }
    }
  }
}
