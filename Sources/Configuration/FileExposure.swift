import Foundation

/// Who beside its owner may read or write a file that holds settings or secrets.
package struct FileExposure: Sendable, Equatable {
  /// Whether the group or everybody may write it, and so decide what this program does.
  package var isWritable: Bool
  /// Whether more may read it than need to: everybody, or the group of a file that is this program's own.
  ///
  /// A file of somebody else's that comes by its group is how systemd (`LoadCredential=`, which shows the reader it
  /// lets in as the group) and Kubernetes (`fsGroup`) hand secrets over.
  package var isReadable: Bool

  package init(isWritable: Bool, isReadable: Bool) { (self.isWritable, self.isReadable) = (isWritable, isReadable) }

  /// - Parameter isOwn: whether the file belongs to the user that asks.
  package init(mode: UInt32, isOwn: Bool) {
    isWritable = mode & 0o022 != 0
    isReadable = mode & 0o004 != 0 || (isOwn && mode & 0o040 != 0)
  }

  /// Of a regular file, behind symbolic links; nil for anything else, such as a shell's `<(…)`, and for what is not
  /// there.
  package static func of(_ path: String) -> FileExposure? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return FileExposure(mode: status.st_mode, isOwn: status.st_uid == geteuid())
  }
}
