import Foundation
import KafkaIO
import LearningEvents

/// The JPEG and PNG files below some paths, in a fixed order.
struct PictureFiles: Sendable {
  struct Picture: Sendable {
    var path: String
    var type: ImageType
  }

  /// By path, each once.
  let pictures: [Picture]
  /// Files that are neither JPEG nor PNG by their first bytes.
  let skipped: Int

  /// Looks through files and folders, several deep. The first bytes decide what a file is, not its name.
  ///
  /// - Throws: `PublishError` for a path that is not there, or if no picture is found at all.
  init(_ paths: [String]) throws {
    var pictures: [Picture] = []
    var skipped = 0
    for path in paths {
      for file in try Self.files(at: path) {
        switch Self.type(of: file) {
        case .some(let type): pictures.append(Picture(path: file, type: type))
        case .none: skipped += 1
        }
      }
    }
    guard !pictures.isEmpty else { throw PublishError.noPictures(paths) }
    (self.pictures, self.skipped) = (pictures, skipped)
  }

  private static func files(at path: String) throws -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw PublishError.notFound(path)
    }
    guard isFolder.boolValue else { return [path] }
    guard let entries = FileManager.default.subpaths(atPath: path) else { throw PublishError.notFound(path) }
    return entries.sorted().map { "\(path)/\($0)" }.filter { file in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) && !isFolder.boolValue
    }
  }

  private static func type(of file: String) -> ImageType? {
    guard let handle = FileHandle(forReadingAtPath: file), let start = try? handle.read(upToCount: 8) else {
      return nil
    }
    return [UInt8](start).withUnsafeBytes(ImageType.init(magic:))
  }
}

/// What keeps pictures from being published, in words that say what to do.
enum PublishError: Error, CustomStringConvertible {
  case notFound(String)
  case noPictures([String])
  case failed(Int, first: KafkaError?)

  var description: String {
    switch self {
    case .notFound(let path): "'\(path)' cannot be read: name a JPEG or PNG file, or a folder of them"
    case .noPictures(let paths): "no JPEG or PNG file below \(paths.map { "'\($0)'" }.joined(separator: ", "))"
    case .failed(let count, let first):
      "\(count) frames were not acknowledged by the broker: check its limits and its log"
        + (first.map { " (the first: \($0))" } ?? "")
    }
  }
}
