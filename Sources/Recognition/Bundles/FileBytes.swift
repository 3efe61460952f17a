import Files

/// A whole file in memory of its own, 64-byte aligned, read once and never written.
///
/// `@unchecked Sendable`: the bytes are written only by the initialiser.
final class FileBytes: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer

  /// Reads a regular file of at most `limit` bytes.
  init(reading path: String, limit: Int) throws(BundleError) {
    let count: Int
    let size: Int
    do throws(FileError) {
      let file = try RegularFile.open(FilePath(path))
      size = file.byteCount
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(min(size, limit), 1), alignment: 64)
      bytes = UnsafeRawBufferPointer(rebasing: buffer[0..<min(size, limit)])
      count = try file.read(into: UnsafeMutableRawBufferPointer(mutating: bytes))
    } catch {
      throw BundleError(.file, error.sentence(about: path))
    }
    guard size <= limit else { throw BundleError(.malformed, "\(path) has \(size) bytes, more than \(limit)") }
    guard count == size else { throw BundleError(.file, "\(path) ended while it was read") }
  }

  deinit { UnsafeMutableRawPointer(mutating: bytes.baseAddress!).deallocate() }
}
