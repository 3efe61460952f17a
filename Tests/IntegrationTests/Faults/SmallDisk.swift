import Foundation
import Processes
import TestSupport

/// A file system in memory that a test fills up: a folder of the server's user on 48 MB of tmpfs.
struct SmallDisk: Sendable {
  /// Where a tablespace may be.
  let folder: String
  private let mountPoint: String
  private var filler: String { "\(mountPoint)/filler" }

  /// Whether this machine lets the tests mount one.
  static var canBeMade: Bool {
    get async {
      guard geteuid() == 0 else { return false }
      return (try? await run { _ in }) != nil
    }
  }

  /// Runs a test with a disk of its own, unmounted however the test ends.
  static func run(_ body: (SmallDisk) async throws -> Void) async throws {
    let mountPoint = "/tmp/lectern-disk-\(String(UInt32.random(in: .min ... .max), radix: 16))"
    try FileManager.default.createDirectory(atPath: mountPoint, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: mountPoint) }
    try await call("/bin/mount", ["-t", "tmpfs", "-o", "size=48m,mode=755", "tmpfs", mountPoint])
    var failure: (any Error)?
    do {
      let disk = SmallDisk(folder: "\(mountPoint)/tables", mountPoint: mountPoint)
      try FileManager.default.createDirectory(atPath: disk.folder, withIntermediateDirectories: false)
      // Whom the private server runs as.
      if (try? await call("/bin/chown", ["postgres", disk.folder])) == nil {
        try await call("/bin/chown", ["nobody", disk.folder])
      }
      try await body(disk)
    } catch {
      failure = error
    }
    try? await call("/bin/umount", ["--lazy", mountPoint])
    if let failure { throw failure }
  }

  /// Takes all the room there is.
  func fill() throws {
    _ = FileManager.default.createFile(atPath: filler, contents: nil)
    let file = try FileHandle(forWritingTo: URL(filePath: filler))
    defer { try? file.close() }
    for size in [1 << 16, 1 << 12] {
      while (try? file.write(contentsOf: Data(count: size))) != nil {}
    }
  }

  /// Gives it back.
  func free() throws { try FileManager.default.removeItem(atPath: filler) }

  private static func call(_ program: String, _ arguments: [String]) async throws {
    try await ProcessLauncher().run(ChildCommand(program, arguments), deadline: .seconds(20)).requireSuccess()
  }
}
