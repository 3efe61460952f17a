import Files
import Foundation
import Testing

@Suite struct OutputFileTests {
  /// A folder that is removed with the value.
  private final class Scratch: Sendable {
    let path = NSTemporaryDirectory() + "lectern-output-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
    func file(_ name: String) -> FilePath { FilePath(self(name)) }
    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
    func bytes(_ name: String) -> [UInt8]? { (try? Data(contentsOf: URL(fileURLWithPath: self(name)))).map(Array.init) }

    func mode(_ name: String) -> mode_t? {
      var status = stat()
      return lstat(self(name), &status) == 0 ? status.st_mode & 0o7777 : nil
    }

    func make(_ name: String, mode: mode_t) throws {
      try Data("old".utf8).write(to: URL(fileURLWithPath: self(name)))
      try #require(chmod(self(name), mode) == 0)
    }
  }

  private static let bytes = Array("new".utf8)

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "written"
    } catch {
      return "\(error)"
    }
  }

  @Test func `a new file has its mode and a replaced one keeps its own, but for what only the owner may see`() throws {
    let scratch = try Scratch()
    try OutputFile.write(Self.bytes, to: scratch.file("face"), .ownerOnly)
    try OutputFile.write(Self.bytes, to: scratch.file("report"), .asReplaced(new: 0o600))
    #expect(scratch.mode("face") == 0o600 && scratch.mode("report") == 0o600)
    for name in ["shown", "open"] { try scratch.make(name, mode: 0o644) }
    try OutputFile.write(Self.bytes, to: scratch.file("shown"), .asReplaced(new: 0o600))
    try OutputFile.write(Self.bytes, to: scratch.file("open"), .ownerOnly)
    #expect(scratch.mode("shown") == 0o644 && scratch.mode("open") == 0o600)
    for name in ["face", "report", "shown", "open"] { #expect(scratch.bytes(name) == Self.bytes) }
    #expect(scratch.names == ["face", "open", "report", "shown"])
  }

  @Test func `a new file that anybody may read follows the umask`() throws {
    let scratch = try Scratch()
    // What the umask is shows in a file that the shell would make; to set it would change it for other tests.
    close(open(scratch("plain"), O_CREAT | O_WRONLY | O_CLOEXEC, 0o666))
    try OutputFile.write(Self.bytes, to: scratch.file("ours"), .asReplaced(new: 0o666))
    #expect(scratch.mode("ours") == scratch.mode("plain"))
  }

  @Test func `links are followed, also to where nothing is yet, and stay links`() throws {
    let scratch = try Scratch()
    try FileManager.default.createDirectory(atPath: scratch("web"), withIntermediateDirectories: true)
    try scratch.make("web/report", mode: 0o640)
    try FileManager.default.createSymbolicLink(atPath: scratch("a"), withDestinationPath: "b")
    try FileManager.default.createSymbolicLink(atPath: scratch("b"), withDestinationPath: scratch("web/report"))
    try FileManager.default.createSymbolicLink(atPath: scratch("c"), withDestinationPath: "web/later")
    for name in ["a", "c"] { try OutputFile.write(Self.bytes, to: scratch.file(name), .asReplaced(new: 0o600)) }
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch("a")) == "b")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch("c")) == "web/later")
    #expect(scratch.bytes("web/report") == Self.bytes && scratch.mode("web/report") == 0o640)
    #expect(scratch.bytes("web/later") == Self.bytes)
    try FileManager.default.createSymbolicLink(atPath: scratch("loop"), withDestinationPath: "loop")
    let problem = message { try OutputFile.write(Self.bytes, to: scratch.file("loop"), .ownerOnly) }
    #expect(problem == "cannot write \(scratch("loop")): too many levels of symbolic links")
  }

  @Test(.timeLimit(.minutes(1))) func `a pipe gets the bytes and stays a pipe`() throws {
    let scratch = try Scratch()
    #expect(mkfifo(scratch("pipe"), 0o600) == 0)
    // Open for both, so that neither end waits for the other.
    let reader = open(scratch("pipe"), O_RDWR | O_NONBLOCK | O_CLOEXEC)
    try #require(reader >= 0)
    defer { close(reader) }
    try OutputFile.write(Self.bytes, to: scratch.file("pipe"), .ownerOnly)
    var file = try OutputFile.open(scratch.file("pipe"), .ownerOnly)
    // In any order: a pipe gets them when they are complete.
    try [UInt8](arrayLiteral: 2).withUnsafeBytes { try file.write($0, at: 1) }
    try [UInt8](arrayLiteral: 1).withUnsafeBytes { try file.write($0, at: 0) }
    try file.finish()
    var buffer = [UInt8](repeating: 0, count: 16)
    let count = read(reader, &buffer, buffer.count)
    #expect(Array(buffer.prefix(max(0, count))) == Self.bytes + [1, 2])
    #expect(scratch.names == ["pipe"])
    var status = stat()
    #expect(lstat(scratch("pipe"), &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
  }

  @Test(.timeLimit(.minutes(1))) func `a pipe that has no name is written to through its descriptor`() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer { close(ends[0]) }
    for folder in ["/dev/fd", "/proc/self/fd"] {
      try OutputFile.write(Self.bytes, to: FilePath("\(folder)/\(ends[1])"), .asReplaced(new: 0o600))
    }
    close(ends[1])
    var buffer = [UInt8](repeating: 0, count: 16)
    let count = buffer.withUnsafeMutableBytes { try? OpenDescriptor(ends[0]).read(into: $0) }
    #expect(Array(buffer.prefix(count ?? 0)) == Self.bytes + Self.bytes)
  }

  /// A null and a full device: of its own where root runs it, as root could lose those of the machine.
  private func devices(_ scratch: Scratch) -> [String] {
    guard geteuid() == 0 else { return ["/dev/null", "/dev/full"] }
    return [("null", 3), ("full", 7)].map { name, minor in
      // Major number 1, memory devices.
      if mknod(scratch(name), S_IFCHR | 0o666, dev_t(1 << 8 | minor)) == 0, access(scratch(name), W_OK) == 0 {
        return scratch(name)
      }
      return "/dev/\(name)"
    }
  }

  @Test func `devices are written to, and a full one says so`() throws {
    let scratch = try Scratch()
    let devices = devices(scratch)
    try OutputFile.write(Self.bytes, to: FilePath(devices[0]), .ownerOnly)
    let problem = message { try OutputFile.write(Self.bytes, to: FilePath(devices[1]), .ownerOnly) }
    #expect(problem == "cannot write \(devices[1]): no space left on device")
    for device in devices {
      var status = stat()
      #expect(lstat(device, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }
    // What an open descriptor leads to is written where it is, as whoever holds it open expects.
    try scratch.make("held", mode: 0o644)
    let held = open(scratch("held"), O_RDWR | O_CLOEXEC)
    defer { close(held) }
    try OutputFile.write(Self.bytes, to: FilePath("/proc/self/fd/\(held)"), .ownerOnly)
    var buffer = [UInt8](repeating: 0, count: 16)
    #expect(pread(held, &buffer, buffer.count, 0) == Self.bytes.count && Array(buffer.prefix(3)) == Self.bytes)
    // By its other name too, and where the descriptor stands: what is in the file already is not this program's.
    try OutputFile.write(Self.bytes, to: FilePath("/dev/fd/\(held)"), .ownerOnly)
    #expect(scratch.bytes("held") == Self.bytes + Self.bytes && !scratch.names.contains("held.partial"))
  }

  @Test func `what cannot be written is a sentence, and nothing is left`() throws {
    let scratch = try Scratch()
    func problem(_ name: String) -> String {
      message { try OutputFile.write(Self.bytes, to: scratch.file(name), .ownerOnly) }
        .replacing(scratch.path, with: ".")
    }
    #expect(problem("no/such/x") == "cannot write ./no/such/x: no such file or directory")
    try FileManager.default.createDirectory(atPath: scratch("folder"), withIntermediateDirectories: true)
    #expect(problem("folder") == "cannot write ./folder: is a directory")
    #expect(problem(String(repeating: "x", count: 300)).hasSuffix(": file name too long"))
    #expect(scratch.names == ["folder"])
  }

  @Test func `an unfinished file leaves the one before, and a second run is refused`() throws {
    let scratch = try Scratch()
    try scratch.make("x", mode: 0o600)
    do {
      let file = try OutputFile.open(scratch.file("x"), .ownerOnly)
      try Self.bytes.withUnsafeBytes { try file.write($0, at: 0) }
      #expect(scratch.names == ["x", "x.partial"])
      let problem = message { try OutputFile.write(Self.bytes, to: scratch.file("x"), .ownerOnly) }
      #expect(problem.contains("another run is writing it"))
      _ = file.freeByteCount
    }
    #expect(scratch.names == ["x"] && scratch.bytes("x") == Array("old".utf8))
    // What a killed run left is written over, unless somebody else may hold it.
    try scratch.make("x.partial", mode: 0o644)
    try OutputFile.write(Self.bytes, to: scratch.file("x"), .ownerOnly)
    #expect(scratch.mode("x") == 0o600 && scratch.bytes("x") == Self.bytes)
    try scratch.make("other", mode: 0o666)
    try #require(link(scratch("other"), scratch("x.partial")) == 0)
    let problem = message { try OutputFile.write(Self.bytes, to: scratch.file("x"), .ownerOnly) }
    #expect(problem.contains("is not this user's") && scratch.bytes("other") == Array("old".utf8))
  }

  @Test func `a name that is no text is a name`() throws {
    let scratch = try Scratch()
    let path = FilePath(bytes: Array(scratch("caf").utf8) + [0xE9])
    try OutputFile.write(Self.bytes, to: path, .ownerOnly)
    #expect(try path.contents(limit: 100) == Self.bytes)
    #expect(throws: FileError.unreadable(EFBIG)) { try path.contents(limit: 2) }
  }

  @Test func `where a file system has no locks a file is written all the same`() {
    for number in [ENOLCK, ENOSYS, EOPNOTSUPP] { #expect(PartialFile.refusal(ofLock: number) == nil) }
    #expect(PartialFile.refusal(ofLock: EWOULDBLOCK) == .taken)
    #expect(PartialFile.refusal(ofLock: EBADF) == .system(EBADF))
  }
}
