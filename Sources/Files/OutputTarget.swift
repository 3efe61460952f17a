import Foundation

/// What a path leads to that is to be written.
enum OutputTarget {
  /// A regular file with what is known of it, or the place of a new one.
  case regular(FilePath, replaced: stat?)
  /// A pipe, device or socket, a folder (which cannot be opened for writing), or what only an open descriptor leads to.
  case special(FilePath)

  /// As many links as the kernel follows.
  private static let linkLimit = 40

  /// Follows links, also to where nothing is yet.
  static func find(_ path: FilePath) throws(OutputError) -> OutputTarget {
    var place = path
    for _ in 0...linkLimit {
      // /dev/stdout and /dev/fd/3 lead here, and where a link of such a folder points is only said: it may be a pipe,
      // or a file without a name, and whoever holds it open expects to see it change.
      if place.folder.isOfProcesses { return .special(place) }
      var status = stat()
      guard place.withCString({ lstat($0, &status) }) == 0 else {
        guard errno == ENOENT else { throw OutputError(path, .system(errno)) }
        return .regular(place, replaced: nil)
      }
      switch status.st_mode & S_IFMT {
      case S_IFREG: return .regular(place, replaced: status)
      case S_IFLNK:
        guard let target = place.linkTarget else { throw OutputError(path, .system(errno)) }
        place = target
      default: return .special(place)
      }
    }
    throw OutputError(path, .system(ELOOP))
  }
}
