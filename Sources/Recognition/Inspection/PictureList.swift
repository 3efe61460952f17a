package import Files
package import ImageTypes

/// The picture files that some paths name, each with its reason where it cannot be one: nothing that a user names is
/// passed over in silence.
///
/// A path of a file is always listed. Of a folder, several deep, those files are that are pictures by their first bytes
/// or by the end of their name; the others are counted. Nothing but regular files is ever opened, so a pipe or a device
/// cannot make a command wait.
package struct PictureList: Sendable {
  /// One line of an answer.
  package struct Entry: Sendable, Hashable {
    package let file: FilePath
    /// Why it is no picture file; nil where it may be one.
    package let problem: String?

    /// As it was named, or found below what was named.
    package var path: String { file.text }
  }

  /// As named, folders' files by their names' bytes.
  package let entries: [Entry]
  /// Files of folders that are no pictures.
  package let skipped: Int

  package init(_ paths: [FilePath]) {
    var entries: [Entry] = []
    var skipped = 0
    for path in paths {
      let walk = FolderWalk(path)
      let before = entries.count
      for finding in walk.findings {
        let isNamed = !walk.isFolder
        switch finding.content {
        case .file where isNamed || Self.isPicture(finding.path):
          entries.append(Entry(file: finding.path, problem: nil))
        case .other where isNamed: entries.append(Entry(file: finding.path, problem: FileError.notRegular.description))
        case .unreadable(let error) where isNamed || ImageType.isPictureName(finding.path.bytes):
          entries.append(Entry(file: finding.path, problem: error.description))
        case .unreadableFolder(let error): entries.append(Entry(file: finding.path, problem: error.description))
        case .file, .other, .unreadable: skipped += 1
        }
      }
      if entries.count == before {
        entries.append(Entry(file: path, problem: "no \(ImageType.names("or")) file is in this folder"))
      }
    }
    self.entries = entries
    self.skipped = skipped
  }

  private static func isPicture(_ file: FilePath) -> Bool {
    ImageType.isPictureName(file.bytes) || PictureFile.type(of: file) != nil
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

  /// The bytes of a regular file, which may have `limit` of them.
  package static func read(_ path: FilePath, limit: Int) throws(Failure) -> [UInt8] {
    let size: Int
    do throws(FileError) {
      let file = try RegularFile.open(path)
      if file.byteCount <= limit { return try file.prefix(limit) }
      size = file.byteCount
    } catch {
      throw Failure(description: error.description, isTooLarge: false)
    }
    throw Failure(description: "\(size) bytes are more than the \(limit) a frame may have", isTooLarge: true)
  }

  /// What a file is by its first bytes; nil for one that is no picture or cannot be read.
  package static func type(of path: FilePath) -> ImageType? {
    (try? RegularFile.open(path).prefix(ImageType.magicByteCount)).flatMap(ImageType.init(magic:))
  }
}
