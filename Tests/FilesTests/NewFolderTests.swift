import Files
import Foundation
import Testing

@Suite struct NewFolderTests {
  private final class Scratch: Sendable {
    let path = NSTemporaryDirectory() + "lectern-folder-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var folder: FilePath { FilePath("\(path)/set") }
    var names: [String] { (try? FileManager.default.subpathsOfDirectory(atPath: path).sorted()) ?? [] }
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "written"
    } catch {
      return "\(error)"
    }
  }

  @Test func itHasItsNameWhenItIsWhole() throws {
    let scratch = try Scratch()
    var folder = try NewFolder.begin(scratch.folder)
    try folder.makeFolder("deep")
    try folder.write([1, 2], to: "deep/a")
    #expect(scratch.names == [".set.partial", ".set.partial/deep", ".set.partial/deep/a"])
    #expect(message { try folder.write([3], to: "deep/a") }.contains("file exists"))
    try folder.finish()
    #expect(scratch.names == ["set", "set/deep", "set/deep/a"])
    var status = stat()
    #expect(lstat("\(scratch.path)/set", &status) == 0 && status.st_mode & 0o777 == 0o700)
    #expect(lstat("\(scratch.path)/set/deep/a", &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test func nothingIsOverwrittenAndNothingIsLeft() throws {
    let scratch = try Scratch()
    #expect(
      message {
        let folder = try NewFolder.begin(scratch.folder)
        try folder.write([1], to: "a")
        throw CancellationError()
      }.contains("Cancellation"))
    #expect(scratch.names == [])
    try FileManager.default.createDirectory(atPath: scratch.folder.text, withIntermediateDirectories: true)
    var empty = try NewFolder.begin(scratch.folder)
    try empty.write([1], to: "a")
    try empty.finish()
    #expect(message { _ = try NewFolder.begin(scratch.folder) }.contains("not empty"))
    #expect(scratch.names == ["set", "set/a"])
    #expect(message { _ = try NewFolder.begin(FilePath("\(scratch.path)/set/a")) }.contains("cannot write"))
    #expect(message { _ = try NewFolder.begin(FilePath("\(scratch.path)/missing/set")) }.contains("no such file"))
  }

  @Test func twoRunsNeverFillOneFolderAndAKilledOneIsCleanedUp() throws {
    let scratch = try Scratch()
    do {
      let first = try NewFolder.begin(scratch.folder)
      try first.write([1], to: "a")
      #expect(message { _ = try NewFolder.begin(scratch.folder) }.contains("another run is writing it"))
      #expect(scratch.names == [".set.partial", ".set.partial/a"])
    }
    // As a kill leaves it: there, and nobody's lock.
    try FileManager.default.createDirectory(
      atPath: "\(scratch.path)/.set.partial/old", withIntermediateDirectories: true)
    var second = try NewFolder.begin(scratch.folder)
    try second.write([2], to: "b")
    try second.finish()
    #expect(scratch.names == ["set", "set/b"])
  }
}
