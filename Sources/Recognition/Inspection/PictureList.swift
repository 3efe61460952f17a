import Foundation
import LearningEvents

/// The picture files that some paths name, each with its reason where it cannot be one: nothing that a user names is
/// passed over in silence.
///
/// A path of a file is always listed. Of a folder, several deep, those files are that are JPEG or PNG by their first bytes
/// or by the end of their name; the others are counted. Links to files are followed, links to folders are not. Nothing but
/// regular files is ever opened, so a pipe or a device cannot make a command wait.
package struct PictureList: Sendable {
  /// One line of an answer.
  package struct Entry: Sendable, Hashable {
    /// As it was named, or found below what was named.
    package let path: String
    /// Why it is no picture file; nil where it may be one.
    package let problem: String?
  }

  /// As named, folders' files by their names' bytes.
  package let entries: [Entry]
  /// Files of folders that are no pictures.
  package let skipped: Int

  package init(_ paths: [String]) {
    var entries: [Entry] = []
    var skipped = 0
    for path in paths {
      switch Self.kind(of: path) {
      case .failure(let problem): entries.append(Entry(path: path, problem: problem.reason))
      case .success(.file): entries.append(Entry(path: path, problem: nil))
      case .success(.other): entries.append(Entry(path: path, problem: "is not a file"))
      case .success(.folder):
        let before = entries.count
        Self.walk(path, depth: 0, into: &entries, skipped: &skipped)
        if entries.count == before {
          entries.append(Entry(path: path, problem: "no JPEG or PNG file is in this folder"))
        }
      }
    }
    self.entries = entries
    self.skipped = skipped
  }

  private enum Kind { case file, folder, other }

  private struct Problem: Error {
    let reason: String
  }

  /// Deeper folders are not looked into; no tree of pictures is that deep.
  private static let depthLimit = 32

  private static func walk(_ folder: String, depth: Int, into entries: inout [Entry], skipped: inout Int) {
    guard depth < depthLimit else { return }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      entries.append(Entry(path: folder, problem: "cannot be read: \(String(cString: strerror(errno)))"))
      return
    }
    let prefix = folder.hasSuffix("/") ? folder : "\(folder)/"
    for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      let path = prefix + name
      switch kind(of: path) {
      case .success(.file) where isPicture(path, name: name): entries.append(Entry(path: path, problem: nil))
      case .success(.folder) where !isLink(path): walk(path, depth: depth + 1, into: &entries, skipped: &skipped)
      case .failure(let problem) where isPictureName(name):
        entries.append(Entry(path: path, problem: problem.reason))
      default: skipped += 1
      }
    }
  }

  private static func kind(of path: String) -> Result<Kind, Problem> {
    var status = stat()
    guard stat(path, &status) == 0 else {
      return .failure(Problem(reason: "cannot be read: \(String(cString: strerror(errno)))"))
    }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: .success(.file)
    case S_IFDIR: .success(.folder)
    default: .success(.other)
    }
  }

  private static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  private static func isPictureName(_ name: String) -> Bool {
    let lower = name.lowercased()
    return [".jpg", ".jpeg", ".png"].contains { lower.hasSuffix($0) }
  }

  private static func isPicture(_ path: String, name: String) -> Bool {
    if isPictureName(name) { return true }
    guard let start = try? PictureFile.read(path, limit: 8, whole: false) else { return false }
    return start.withUnsafeBytes(ImageType.init(magic:)) != nil
  }
}

/// Reads picture files.
package enum PictureFile {
  /// Why a file was not read, in words for its line of an answer.
  package struct Failure: Error, Hashable, CustomStringConvertible {
    package let description: String
    /// Larger than the limit, rather than unreadable.
    package let isTooLarge: Bool
  }

  /// The bytes of a regular file. Never waits for a pipe, and never holds more than `limit` bytes.
  ///
  /// - Parameters:
  ///   - limit: most bytes.
  ///   - whole: whether a longer file is a failure; else its beginning is returned.
  package static func read(_ path: String, limit: Int, whole: Bool = true) throws(Failure) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else { throw failure() }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw failure() }
    guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(description: "is not a file", isTooLarge: false) }
    let size = Int(status.st_size)
    guard size <= limit || !whole else {
      throw Failure(description: "\(size) bytes are more than the \(limit) a frame may have", isTooLarge: true)
    }
    var bytes = [UInt8](repeating: 0, count: min(size, limit))
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress! + done, $0.count - done, off_t(done)) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure() }
      // It was cut while it was read.
      guard count > 0 else { break }
      done += count
    }
    return Array(bytes.prefix(done))
  }

  private static func failure() -> Failure {
    Failure(description: "cannot be read: \(String(cString: strerror(errno)))", isTooLarge: false)
  }
}
