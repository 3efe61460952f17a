import Foundation

/// A folder that is being filled, and gets its name when it is whole.
///
/// It is filled as `.NAME.partial` beside its place, under a lock, so that a kill leaves nothing under its name and two
/// runs never fill one folder; what a killed run left is removed by the next. Not for several threads at once.
package struct NewFolder: ~Copyable, Sendable {
  /// Where files are written until `finish`.
  package let partial: FilePath
  private let target: FilePath
  private let descriptor: Int32
  private var isFinished = false

  private init(_ target: FilePath, partial: FilePath, adopting descriptor: Int32) {
    (self.target, self.partial, self.descriptor) = (target, partial, descriptor)
  }

  deinit {
    if !isFinished { try? FileManager.default.removeItem(atPath: partial.text) }
    close(descriptor)
  }

  /// Begins a folder that must not be there yet, or be empty; its parent must be there. Only its owner may look into
  /// it.
  package static func begin(_ target: FilePath) throws(OutputError) -> NewFolder {
    guard FolderWalk(target).isMissingOrEmpty else { throw OutputError(target, .system(ENOTEMPTY)) }
    let name = target.bytes.reversed().prefix { $0 != UInt8(ascii: "/") }.reversed()
    let partial = target.folder.appending([UInt8(ascii: ".")] + name + Array(".partial".utf8))
    while true {
      let isMade = partial.withCString { mkdir($0, 0o700) } == 0
      guard isMade || errno == EEXIST else { throw OutputError(target, .system(errno)) }
      let descriptor = partial.withCString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) }
      guard descriptor >= 0 else {
        // Another run may have renamed or removed it between the two calls.
        if errno == ENOENT { continue }
        throw OutputError(target, .system(errno))
      }
      var (opened, named) = (stat(), stat())
      let isTaken = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
      guard !isTaken else {
        close(descriptor)
        throw OutputError(target, .taken)
      }
      let isSame =
        fstat(descriptor, &opened) == 0 && partial.withCString { lstat($0, &named) } == 0
        && opened.st_ino == named.st_ino && opened.st_uid == geteuid()
      guard isSame, isMade else {
        close(descriptor)
        guard opened.st_uid == geteuid() else { throw OutputError(target, .foreign) }
        // Left by a run that was killed: nobody holds its lock. What cannot be removed would be found again for ever.
        if isSame {
          do {
            try FileManager.default.removeItem(atPath: partial.text)
          } catch {
            throw OutputError(target, .leftover)
          }
        }
        continue
      }
      return NewFolder(target, partial: partial, adopting: descriptor)
    }
  }

  /// Makes a folder inside.
  package func makeFolder(_ name: String) throws(OutputError) {
    let made = partial.appending(Array(name.utf8)).withCString { mkdir($0, 0o700) }
    guard made == 0 else { throw OutputError(target, .system(errno)) }
  }

  /// Writes a whole file inside, which its owner alone may read.
  ///
  /// - Parameter name: relative, such as `faces/0a.png`.
  package func write(_ bytes: [UInt8], to name: String) throws(OutputError) {
    let path = partial.appending(Array(name.utf8))
    let file = path.withCString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600) }
    guard file >= 0 else { throw OutputError(target, .system(errno)) }
    defer { close(file) }
    let outcome = bytes.withUnsafeBytes { buffer in
      Result { () throws(SystemError) in try OpenDescriptor(file).write(buffer) }
    }
    if case .failure(let error) = outcome { throw OutputError(target, .system(error.number)) }
    guard fdatasync(file) == 0 else { throw OutputError(target, .system(errno)) }
  }

  /// Gives the folder its name, with everything in it on the disk.
  package mutating func finish() throws(OutputError) {
    partial.synchronize()
    // rename(2) replaces an empty folder and nothing else, so that nothing is ever overwritten.
    let renamed = partial.withCString { old in target.withCString { new in rename(old, new) } }
    guard renamed == 0 else { throw OutputError(target, .system(errno)) }
    target.folder.synchronize()
    isFinished = true
  }
}

extension FolderWalk {
  /// Whether nothing is at the path, or a folder without anything in it.
  fileprivate var isMissingOrEmpty: Bool {
    isFolder ? findings.isEmpty : findings.first?.content == .unreadable(.unreadable(ENOENT))
  }
}
