import Foundation

/// A whole file in memory of its own, 64-byte aligned, read once and never written.
///
/// `@unchecked Sendable`: the bytes are written only by the initialiser.
final class FileBytes: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer

  /// Reads a regular file of at most `limit` bytes.
  init(reading path: String, limit: Int) throws(BundleError) {
    // Not blocking: opening a pipe would otherwise wait for its writer.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0, let file = fdopen(descriptor, "rb") else {
      throw BundleError(.file, "cannot read \(path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var status = stat()
    guard fstat(fileno(file), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw BundleError(.file, "\(path) is not a file")
    }
    let size = Int(status.st_size)
    guard size <= limit else { throw BundleError(.malformed, "\(path) has \(size) bytes, more than \(limit)") }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, 1), alignment: 64)
    bytes = UnsafeRawBufferPointer(rebasing: buffer[0..<size])
    guard fread(buffer.baseAddress, 1, size, file) == size else {
      throw BundleError(.file, "\(path) ended while it was read")
    }
  }

  deinit { UnsafeMutableRawPointer(mutating: bytes.baseAddress!).deallocate() }
}
