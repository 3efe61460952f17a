import Foundation
import Synchronization

/// A file that grows by lines; a test of hours keeps on disk what it has seen. Any thread.
final class LineFile: Sendable {
  let path: String
  private let descriptor: Int32
  private let lock = Mutex(())

  init(path: String) throws {
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path]) }
    self.path = path
  }

  deinit { close(descriptor) }

  /// Appends a line, whole or not at all as far as readers see.
  func append(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    lock.withLock { _ in
      let count = write(descriptor, bytes, bytes.count)
      precondition(count == bytes.count, "the disk is full")
    }
  }
}
