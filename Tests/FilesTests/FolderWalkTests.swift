import Files
import Foundation
import Testing

@Suite struct FolderWalkTests {
  /// A folder that is removed with the value.
  private final class Scratch: Sendable {
    let path = NSTemporaryDirectory() + "lectern-files-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ name: [UInt8], _ bytes: [UInt8] = []) throws {
      let file = (Array("\(path)/".utf8) + name + [0]).withUnsafeBytes {
        open($0.bindMemory(to: CChar.self).baseAddress!, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
      }
      try #require(file >= 0)
      defer { close(file) }
      #expect(bytes.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) } == bytes.count)
    }
  }

  @Test(.timeLimit(.minutes(1))) func `a pipe below a folder does not hold the walk`() throws {
    let scratch = try Scratch()
    try FileManager.default.createDirectory(atPath: scratch("deep"), withIntermediateDirectories: true)
    #expect(mkfifo(scratch("deep/pipe.jpg"), 0o600) == 0)
    try scratch.write(Array("a".utf8))
    try FileManager.default.createSymbolicLink(atPath: scratch("deep/loop"), withDestinationPath: scratch.path)
    try FileManager.default.createSymbolicLink(atPath: scratch("file"), withDestinationPath: scratch("a"))
    try FileManager.default.createSymbolicLink(atPath: scratch("gone"), withDestinationPath: "/nonexistent/x")
    let walk = FolderWalk(FilePath(scratch.path))
    #expect(walk.isFolder)
    #expect(
      walk.findings.map { [$0.path.text.replacing(scratch.path, with: "."), "\($0.content)"] } == [
        ["./a", "file"], ["./deep/loop", "other"], ["./deep/pipe.jpg", "other"], ["./file", "file"],
        ["./gone", "unreadable(cannot be read: no such file or directory)"],
      ])
  }

  @Test func `names are bytes`() throws {
    let scratch = try Scratch()
    // No text at all, and one text in two normal forms.
    let names: [[UInt8]] = [Array("e\u{301}".utf8), Array("z".utf8), Array("\u{E9}".utf8), [0xFF, 0xFE]]
    for name in names { try scratch.write(name, name) }
    let findings = FolderWalk(FilePath(scratch.path)).findings
    #expect(findings.map { Array($0.path.bytes.dropFirst(scratch.path.utf8.count + 1)) } == names)
    #expect(Set(findings.map(\.path)).count == names.count)
    for (finding, name) in zip(findings, names) { #expect(try RegularFile.open(finding.path).prefix(99) == name) }
  }

  @Test func `a file alone is its own only finding`() throws {
    let scratch = try Scratch()
    try scratch.write(Array("a".utf8))
    let walk = FolderWalk(FilePath(scratch("a")))
    #expect(!walk.isFolder && walk.findings.map(\.content) == [.file])
    #expect(FolderWalk(FilePath("/dev/null")).findings.map(\.content) == [.other])
    #expect(FolderWalk(FilePath("")).findings.map(\.content) == [.unreadable(.unreadable(ENOENT))])
  }

  @Test(.timeLimit(.minutes(1))) func `only regular files are opened`() throws {
    let scratch = try Scratch()
    try scratch.write(Array("a".utf8), Array(0..<100))
    let file = try RegularFile.open(FilePath(scratch("a")))
    #expect(file.byteCount == 100)
    #expect(try file.prefix(8) == Array(0..<8))
    var rest = [UInt8](repeating: 0, count: 60)
    #expect(try rest.withUnsafeMutableBytes { try file.read(into: $0, at: 90) } == 10)
    #expect(Array(rest.prefix(10)) == Array(90..<100))
    #expect(mkfifo(scratch("pipe"), 0o600) == 0)
    for path in [scratch("pipe"), scratch.path, "/dev/zero"] {
      #expect(throws: FileError.notRegular) { _ = try RegularFile.open(FilePath(path)).byteCount }
    }
    #expect(throws: FileError.unreadable(ENOENT)) { _ = try RegularFile.open(FilePath(scratch("none"))).byteCount }
  }
}
