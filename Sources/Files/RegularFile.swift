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
    do throws(SystemError) {
      return try OpenDescriptor(descriptor).read(into: buffer, at: offset)
    } catch {
      throw .unreadable(error.number)
    }
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

extension FilePath {
  /// All bytes of whatever it leads to, a pipe too: waits until that ends, so never on a cooperative thread.
  ///
  /// - Throws: `FileError`; for more than `limit` bytes `EFBIG`.
  package func contents(limit: Int) throws(FileError) -> [UInt8] {
    let descriptor = withCString { open($0, O_RDONLY | O_CLOEXEC | O_NOCTTY) }
    guard descriptor >= 0 else { throw .unreadable(errno) }
    defer { close(descriptor) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
    defer { buffer.deallocate() }
    var bytes: [UInt8] = []
    do throws(SystemError) {
      while true {
        let count = try OpenDescriptor(descriptor).read(into: buffer)
        bytes += buffer[..<count]
        if bytes.count > limit { throw SystemError(EFBIG) }
        if count < buffer.count { return bytes }
      }
    } catch {
      throw .unreadable(error.number)
    }
  }
}
