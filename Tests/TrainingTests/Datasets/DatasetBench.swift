import Cryptography
import Files
import Foundation
import ImageIO
import LearningEvents
import Recognition
import Testing
import Training
import Vision

/// A folder for sets and pictures, removed with the value.
final class DatasetBench: Sendable {
  let root = FilePath(NSTemporaryDirectory() + "lectern-set-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(atPath: root.text, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: root.text) }

  subscript(name: String) -> FilePath { root.appending(Array(name.utf8)) }

  /// A face that differs from those of other numbers.
  static func picture(_ number: Int) -> GrayImage {
    GrayImage(
      width: 224, height: 224,
      pixels: (0..<224 * 224).map { UInt8(truncatingIfNeeded: ($0 % 16) * 15 + $0 / 224 + number * 7) })
  }

  static func face(_ number: Int) -> FoundFace {
    let picture = picture(number)
    let box = PixelRect(x: 20, y: 20, width: 180, height: 180)
    return FoundFace(box, among: [box], count: 1, origin: .frontal, in: picture)
  }

  static func image(_ number: Int) -> String { String(Hex.encode(SHA256.hash(Array("\(number)".utf8))).prefix(32)) }

  /// A set of faces that are all alike but for their label and subject.
  func set(
    _ name: String, _ faces: [(label: Int, subject: String)], subjects: DatasetManifest.Subjects = .pseudonyms
  ) throws -> Dataset {
    var writer = try DatasetWriter(self[name], labels: .learningEmotions, encoder: PNGEncoder())
    for (number, face) in faces.enumerated() {
      try writer.add(
        Self.face(number % 3), image: Self.image(number), label: face.label, subject: face.subject)
    }
    writer.leaveOut(LeftOutPicture(image: Self.image(-1), label: 5, subject: "zoë, \"z\"", reason: .noFace))
    _ = try writer.finish(name: name, licence: "CC0", consent: "nobody is on it", subjects: subjects)
    return try Dataset.open(self[name])
  }

  /// `perLabel` faces of each label from each of `people` people.
  static func rows(people: Int, perLabel: Int = 1) -> [(label: Int, subject: String)] {
    (0..<people).flatMap { person in
      (0..<6).flatMap { label in (0..<perLabel).map { _ in (label, "person-\(person)") } }
    }
  }

  func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
    let url = URL(fileURLWithPath: self[name].text)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func text(of name: String) throws -> String { try String(contentsOfFile: self[name].text, encoding: .utf8) }

  func digest(of name: String) throws -> String { Hex.encode(SHA256.hash(try self[name].contents(limit: 1 << 24))) }

  func replace(_ old: String, by new: String, in name: String) throws {
    let text = try text(of: name)
    try #require(text.contains(old))
    try write(text.replacing(old, with: new, maxReplacements: 1).utf8, to: name)
  }

  /// What an operation fails with.
  func message(_ body: () async throws -> Void) async -> String {
    do {
      try await body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  /// Everything that lies below a folder, names and bytes.
  func everything(below name: String) throws -> [UInt8] {
    try FolderWalk(self[name]).findings.flatMap { $0.path.bytes + (try $0.path.contents(limit: 1 << 24)) }
  }
}
