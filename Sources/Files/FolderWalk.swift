import Foundation

/// What lies at a path and, where that is a folder, below it: nothing is opened but folders, so nothing can make the
/// walk wait.
///
/// Links to files are followed, links to folders below the path are not, so that a walk ends. Names are bytes.
package struct FolderWalk: Sendable {
  package enum Content: Hashable, Sendable {
    case file
    /// A pipe, a device, a socket, or a link to a folder.
    case other
    case unreadable(FileError)
    case unreadableFolder(FileError)
  }

  /// One thing that is no readable folder.
  package struct Finding: Hashable, Sendable {
    package let path: FilePath
    package let content: Content
  }

  /// Whether the path is a folder; if not, it is the only finding.
  package let isFolder: Bool
  /// Each folder's in the order of their names' bytes.
  package private(set) var findings: [Finding] = []

  /// Deeper folders are not looked into; no tree of pictures is that deep.
  private static let depthLimit = 32

  package init(_ path: FilePath) {
    let content = Self.content(of: path)
    isFolder = content == nil
    if let content {
      findings = [Finding(path: path, content: content)]
    } else {
      walk(path, depth: 0)
    }
  }

  private mutating func walk(_ folder: FilePath, depth: Int) {
    guard depth < Self.depthLimit else { return }
    let names: [[UInt8]]
    do throws(FileError) {
      names = try Self.names(in: folder)
    } catch {
      findings.append(Finding(path: folder, content: .unreadableFolder(error)))
      return
    }
    for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      let path = folder.appending(name)
      if let content = Self.content(of: path) {
        findings.append(Finding(path: path, content: content))
      } else if Self.isLink(path) {
        findings.append(Finding(path: path, content: .other))
      } else {
        walk(path, depth: depth + 1)
      }
    }
  }

  /// Nil for a folder.
  private static func content(of path: FilePath) -> Content? {
    var status = stat()
    guard path.withCString({ stat($0, &status) }) == 0 else { return .unreadable(.unreadable(errno)) }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: nil
    default: .other
    }
  }

  private static func isLink(_ path: FilePath) -> Bool {
    var status = stat()
    return path.withCString { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  private static func names(in folder: FilePath) throws(FileError) -> [[UInt8]] {
    guard let stream = folder.withCString({ opendir($0) }) else { throw .unreadable(errno) }
    defer { closedir(stream) }
    var names: [[UInt8]] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else { throw .unreadable(errno) }
        return names
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
    }
  }
}
