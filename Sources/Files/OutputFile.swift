package import Foundation

/// A file that is being written, and gets its name when it is whole.
///
/// It is written where a shell's `>` would write. Links are followed. A regular file, or nothing yet, is replaced at
/// once: the bytes go into `NAME.partial` beside it, which is locked, synchronised and renamed, so that a full disk, a
/// kill or a second run leaves the file that was there. A pipe or a device is opened as it is and given the bytes when
/// they are complete. Not for several threads at once. Blocks: opening a pipe waits for its reader.
package struct OutputFile: ~Copyable, Sendable {
  /// Who may read it.
  package enum Access: Sendable, Hashable {
    /// Its owner alone, whatever the file that it replaces allowed: pictures, faces or learners are in it.
    case ownerOnly
    /// Whoever may read the file that it replaces; a new file has this mode, less the process's umask.
    case asReplaced(new: mode_t)
  }

  private enum Place {
    /// The file that is to be replaced, and the one that is written first.
    case beside(target: FilePath, partial: FilePath)
    /// A pipe or device, and where the bytes wait until they are complete.
    case through(special: Int32)
  }

  private let path: FilePath
  private let place: Place
  /// What is written to: the partial file, or a file without a name.
  private let descriptor: Int32
  private var isFinished = false

  private init(_ path: FilePath, _ place: Place, adopting descriptor: Int32) {
    (self.path, self.place, self.descriptor) = (path, place, descriptor)
  }

  deinit {
    switch place {
    case .beside(_, let partial): if !isFinished { partial.withCString { _ = unlink($0) } }
    case .through(let special): close(special)
    }
    close(descriptor)
  }

  /// Begins to write the file at `path`, which stays as it is until `finish`.
  package static func open(_ path: FilePath, _ access: Access) throws(OutputError) -> OutputFile {
    switch try OutputTarget.find(path) {
    case .special(let target):
      let special = try openSpecial(target, for: path)
      guard let scratch = scratchFile() else {
        let number = errno
        close(special)
        throw OutputError(path, .system(number))
      }
      return OutputFile(path, .through(special: special), adopting: scratch)
    case .regular(let target, let replaced):
      let partial = FilePath(bytes: target.bytes + Array(".partial".utf8))
      let descriptor = try PartialFile.open(partial, for: path, access, replacing: replaced)
      return OutputFile(path, .beside(target: target, partial: partial), adopting: descriptor)
    }
  }

  /// Writes a whole file at once.
  package static func write(_ bytes: some Sequence<UInt8>, to path: FilePath, _ access: Access) throws(OutputError) {
    let bytes = Array(bytes)
    if case .special(let target) = try OutputTarget.find(path) {
      // Nothing waits for more of it, so it need not wait anywhere itself.
      let special = try openSpecial(target, for: path)
      defer { close(special) }
      return try put(bytes, into: special, of: path)
    }
    var file = try open(path, access)
    try file.write(bytes)
    try file.finish()
  }

  /// Writes bytes at an offset from its beginning; what was never written is zero.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(OutputError) {
    do throws(SystemError) {
      try OpenDescriptor(descriptor).write(bytes, at: offset)
    } catch {
      throw OutputError(path, .system(error.number))
    }
  }

  /// Gives it its length, all of it zero.
  package func resize(to byteCount: Int) throws(OutputError) {
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw OutputError(path, .system(errno)) }
  }

  /// Bytes that are free where it is written; nil where the file system does not say.
  package var freeByteCount: UInt64? {
    var space = statvfs()
    guard fstatvfs(descriptor, &space) == 0 else { return nil }
    return UInt64(space.f_bavail) * UInt64(space.f_frsize)
  }

  /// Puts the file in its place, with its bytes on the disk.
  package mutating func finish() throws(OutputError) {
    switch place {
    case .beside(let target, let partial):
      guard fsync(descriptor) == 0 else { throw OutputError(path, .system(errno)) }
      let renamed = partial.withCString { old in target.withCString { new in rename(old, new) } }
      guard renamed == 0 else { throw OutputError(path, .system(errno)) }
      // It is there and whole; only a power cut right now could still take its name away.
      target.folder.synchronize()
    case .through(let special): try copy(to: special)
    }
    isFinished = true
  }

  private func write(_ bytes: [UInt8]) throws(OutputError) {
    let outcome = bytes.withUnsafeBytes { buffer in
      Result { () throws(OutputError) in try write(buffer, at: 0) }
    }
    try outcome.get()
  }

  private func copy(to special: Int32) throws(OutputError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
    defer { buffer.deallocate() }
    var offset = 0
    do throws(SystemError) {
      while true {
        let count = try OpenDescriptor(descriptor).read(into: buffer, at: offset)
        guard count > 0 else { return }
        try OpenDescriptor(special).write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        offset += count
      }
    } catch {
      throw OutputError(path, .system(error.number))
    }
  }

  private static func put(_ bytes: [UInt8], into descriptor: Int32, of path: FilePath) throws(OutputError) {
    let outcome = bytes.withUnsafeBytes { buffer in
      Result { () throws(SystemError) in try OpenDescriptor(descriptor).write(buffer) }
    }
    if case .failure(let error) = outcome { throw OutputError(path, .system(error.number)) }
  }

  private static func openSpecial(_ target: FilePath, for path: FilePath) throws(OutputError) -> Int32 {
    // One that this process holds is used as it is, as a shell does: opened anew it would be written from its
    // beginning, and a socket could not be opened at all.
    let descriptor =
      target.ownDescriptor.map { fcntl($0, F_DUPFD_CLOEXEC, 0) }
      ?? target.withCString { Foundation.open($0, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY) }
    guard descriptor >= 0 else { throw OutputError(path, .system(errno)) }
    return descriptor
  }

  /// A file without a name; nil with errno set where there can be none.
  private static func scratchFile() -> Int32? {
    var template = Array("\(NSTemporaryDirectory())/lectern-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { return nil }
    unlink(template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }
}
