import Foundation

/// A regular file that is open for reading: nothing else is opened, so that a pipe or a device cannot make a command
/// wait.
package struct RegularFile: ~Copyable, Sendable {
  private let descriptor: Int32
  /// When it was opened.
  package let byteCount: Int

  private init(adopting descriptor: Int32, byteCount: Int) {
    (self.descriptor, self.byteCount) = (descriptor, byteCount)
  }

  deinit { close(descriptor) }

  package static func open(_ path: FilePath) throws(FileError) -> RegularFile {
    // Not blocking: opening a pipe would otherwise wait for its writer.
    let descriptor = path.withCString { Foundation.open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) }
    guard descriptor >= 0 else { throw .unreadable(errno) }
    var status = stat()
    let isKnown = fstat(descriptor, &status) == 0
    let number = errno
    let file = RegularFile(adopting: descriptor, byteCount: Int(status.st_size))
    guard isKnown else { throw .unreadable(number) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
    return file
  }

  /// Reads as many bytes as `buffer` has.
  ///
  /// - Returns: how many there were from `offset` on: fewer than asked for where the file ends.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int = 0) throws(FileError) -> Int {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(errno) }
      guard count > 0 else { break }
      done += count
    }
    return done
  }

  /// Its beginning: `limit` bytes, or all where it has fewer.
  package func prefix(_ limit: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: min(byteCount, limit))
    let outcome = bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(FileError) in try read(into: buffer) }
    }
    // It may have been cut since it was opened.
    return Array(bytes.prefix(try outcome.get()))
  }
}
