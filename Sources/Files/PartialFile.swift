import Foundation

/// The file beside another one that is going to replace it.
///
/// It has a fixed name, so that what a killed run leaves is written over by the next, and a lock, so that no two runs
/// write one file.
package enum PartialFile {
  /// Makes it, or takes over what a killed run left, empty; the descriptor is the caller's.
  static func open(
    _ partial: FilePath, for path: FilePath, _ access: OutputFile.Access, replacing replaced: stat?
  ) throws(OutputError) -> Int32 {
    let mode: mode_t =
      switch access {
      case .ownerOnly: 0o600
      case .asReplaced(let new): replaced.map { $0.st_mode & 0o777 } ?? new
      }
    while true {
      // No link is followed and nothing that blocks is opened.
      let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
      let descriptor = partial.withCString { Foundation.open($0, flags, mode) }
      guard descriptor >= 0 else { throw OutputError(path, .system(errno)) }
      do throws(OutputError.Reason) {
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, let refusal = refusal(ofLock: errno) { throw refusal }
        // A run that has just ended may have renamed it between the two calls.
        if try !isStillThere(partial, descriptor) {
          close(descriptor)
          continue
        }
        do throws(OutputError.Reason) {
          try prepare(descriptor, access, mode, replaced)
        } catch {
          partial.withCString { _ = unlink($0) }
          throw error
        }
      } catch {
        close(descriptor)
        throw OutputError(path, error)
      }
      return descriptor
    }
  }

  /// Why nothing is written where the lock is not had; nil where the file system has no locks, such as an NFS without
  /// a lock manager: two runs at once may then spoil each other's file, but not the one that was there.
  package static func refusal(ofLock number: Int32) -> OutputError.Reason? {
    switch number {
    case EWOULDBLOCK: .taken
    case ENOLCK, ENOSYS, EOPNOTSUPP: nil
    default: .system(number)
    }
  }

  /// Whether the name still leads to what was opened; refuses what another user may have put there.
  private static func isStillThere(_ partial: FilePath, _ descriptor: Int32) throws(OutputError.Reason) -> Bool {
    var (opened, named) = (stat(), stat())
    guard fstat(descriptor, &opened) == 0 else { throw .system(errno) }
    guard partial.withCString({ lstat($0, &named) }) == 0 else {
      guard errno == ENOENT else { throw .system(errno) }
      return false
    }
    guard opened.st_ino == named.st_ino, opened.st_dev == named.st_dev else { return false }
    guard opened.st_mode & S_IFMT == S_IFREG, opened.st_uid == geteuid(), opened.st_nlink == 1 else { throw .foreign }
    return true
  }

  /// Sets owner and mode before there is a byte to read.
  ///
  /// Whom the mode means changes with the owner and the group. The group can be kept by its members; the owner only by
  /// root, and then whoever that is reads on where everybody may. Elsewhere the owner might be shut out, in silence.
  private static func prepare(
    _ descriptor: Int32, _ access: OutputFile.Access, _ mode: mode_t, _ replaced: stat?
  ) throws(OutputError.Reason) {
    guard ftruncate(descriptor, 0) == 0 else { throw .system(errno) }
    if let replaced, access != .ownerOnly {
      var own = stat()
      guard fstat(descriptor, &own) == 0 else { throw .system(errno) }
      let isAlike = (own.st_uid, own.st_gid) == (replaced.st_uid, replaced.st_gid)
      let isReadByAll = mode & S_IROTH != 0
      guard
        isAlike || fchown(descriptor, replaced.st_uid, replaced.st_gid) == 0
          || (isReadByAll && (own.st_uid == replaced.st_uid || fchown(descriptor, uid_t.max, replaced.st_gid) == 0))
      else { throw own.st_uid == replaced.st_uid ? .group(replaced.st_gid) : .owned(by: replaced.st_uid) }
      guard fchmod(descriptor, mode) == 0 else { throw .system(errno) }
    } else if access == .ownerOnly {
      guard fchmod(descriptor, 0o600) == 0 else { throw .system(errno) }
    }
  }
}
