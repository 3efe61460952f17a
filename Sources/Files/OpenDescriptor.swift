import Foundation

/// A file descriptor that somebody else closes: bytes in and out of it, whole. A call that a signal interrupts is made
/// again. Blocks as long as what the descriptor leads to does.
package struct OpenDescriptor: Sendable {
  private let number: Int32

  package init(_ number: Int32) { self.number = number }

  /// Writes all bytes, at `offset` from the file's beginning or, without one, where the descriptor stands.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int? = nil) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      let (start, left) = (bytes.baseAddress! + done, bytes.count - done)
      let count = offset.map { pwrite(number, start, left, off_t($0 + done)) } ?? Foundation.write(number, start, left)
      if count < 0, errno == EINTR { continue }
      // What takes nothing and says nothing would be asked for ever.
      guard count > 0 else { throw SystemError(count < 0 ? errno : ENOSPC) }
      done += count
    }
  }

  /// Reads until the buffer is full or there is no more, from `offset` or where the descriptor stands.
  ///
  /// - Returns: how many bytes there were: fewer than the buffer has only at the end.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int? = nil) throws(SystemError) -> Int {
    var done = 0
    while done < buffer.count {
      let (start, left) = (buffer.baseAddress! + done, buffer.count - done)
      let count = offset.map { pread(number, start, left, off_t($0 + done)) } ?? Foundation.read(number, start, left)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SystemError(errno) }
      guard count > 0 else { break }
      done += count
    }
    return done
  }
}

/// What the system answered to a call.
package struct SystemError: Error, Hashable {
  /// Its `errno`.
  package let number: Int32

  init(_ number: Int32) { self.number = number }

  /// In the middle of a sentence: `no space left on device`.
  static func text(_ number: Int32) -> String {
    let text = String(cString: strerror(number))
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}
