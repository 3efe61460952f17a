package import Foundation

/// The folder of real face photographs, which is no part of the package: `LECTERN_TEST_FACES`, else `shared/data/faces`
/// beside the package's root. Tests that need it are skipped where it is absent.
package enum RealFaces {
  package static let missing = "no folder of face photographs (set LECTERN_TEST_FACES)"

  package static let folder: URL? = {
    let given = ProcessInfo.processInfo.environment["LECTERN_TEST_FACES"].map { URL(filePath: $0) }
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let candidates = [given, root.deletingLastPathComponent().appending(path: "shared/data/faces")]
    return candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0.path) }
  }()

  /// The names of the JPEG and PNG files, sorted.
  package static let names: [String] = {
    guard let folder else { return [] }
    let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return all.filter { name in [".jpg", ".jpeg", ".png"].contains { name.lowercased().hasSuffix($0) } }.sorted()
  }()

  package static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: (folder ?? URL(filePath: "/")).appending(path: name)))
  }
}
