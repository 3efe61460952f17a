import Files
import ImageTypes
import KafkaIO
import Recognition

/// The picture files below some paths, in a fixed order.
struct PictureFiles: Sendable {
  struct Picture: Sendable {
    var path: FilePath
    var type: ImageType

    func read() throws(FileError) -> [UInt8] {
      let file = try RegularFile.open(path)
      return try file.prefix(file.byteCount)
    }
  }

  /// By path, path by path as they were named.
  let pictures: [Picture]
  /// Files that are no pictures by their first bytes.
  let skipped: Int

  /// Looks through files and folders, several deep. The first bytes decide what a file is, not its name.
  ///
  /// - Throws: `PublishError` for a path that is not there, or if no picture is found at all.
  init(_ paths: [FilePath]) throws {
    var pictures: [Picture] = []
    var skipped = 0
    for path in paths {
      let walk = FolderWalk(path)
      for finding in walk.findings.sorted(by: { $0.path < $1.path }) {
        switch finding.content {
        case .file:
          if let type = PictureFile.type(of: finding.path) {
            pictures.append(Picture(path: finding.path, type: type))
          } else {
            skipped += 1
          }
        case .unreadable where !walk.isFolder: throw PublishError.notFound(path.text)
        case .other, .unreadable, .unreadableFolder: skipped += 1
        }
      }
    }
    guard !pictures.isEmpty else { throw PublishError.noPictures(paths.map(\.text)) }
    (self.pictures, self.skipped) = (pictures, skipped)
  }

  /// The pictures as frames of learners who take turns, begun again as often as needed.
  func taken(by learners: Int) -> Lesson.Picture {
    return { [pictures] learner, frame in
      let picture = pictures[(frame * learners + learner) % pictures.count]
      return (try picture.read(), picture.type)
    }
  }
}

/// What keeps pictures from being published, in words that say what to do.
enum PublishError: Error, CustomStringConvertible {
  case notFound(String)
  case noPictures([String])
  case failed(Int, first: KafkaError?)

  var description: String {
    switch self {
    case .notFound(let path):
      "'\(path)' cannot be read: name a \(ImageType.names("or")) file, or a folder of them"
    case .noPictures(let paths):
      "no \(ImageType.names("or")) file below \(paths.map { "'\($0)'" }.joined(separator: ", "))"
    case .failed(let count, let first):
      "\(count) frames were not acknowledged by the broker: check its limits and its log"
        + (first.map { " (the first: \($0))" } ?? "")
    }
  }
}
