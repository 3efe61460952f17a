import Foundation

/// Keeps two demos out of one folder: a lock on a file in it, which the kernel drops however the process ends.
final class FolderLock {
  private let descriptor: Int32

  /// - Throws: `FolderError` if another process holds it, or the folder cannot be written.
  init(_ folder: String) throws(FolderError) {
    let path = "\(folder)/lock"
    descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unwritable(folder, reason: String(cString: strerror(errno))) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw .taken(folder)
    }
  }

  func release() { close(descriptor) }
}

enum FolderError: Error, CustomStringConvertible {
  case taken(String)
  case unwritable(String, reason: String)

  var description: String {
    switch self {
    case .taken(let folder): "another demo runs in \(folder): end it, or name another folder with --data-dir"
    case .unwritable(let folder, let reason):
      "cannot write in \(folder) (\(reason)): name another folder with --data-dir"
    }
  }
}
