import Foundation
import Recognition
import Testing

/// Bundles on file systems as they are: links, folders and pipes in a file's place, no room, no permission.
@Suite struct BundleFilesTests {
  /// Runs a body on a stored bundle, whose folder it may spoil, and expects the load to be refused.
  private func refuses(
    _ code: BundleError.Code, _ says: String, _ spoil: (_ folder: String) throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try BundleFixture.withFolder { folder in
      let folder = "\(folder)/model"
      _ = try BundleFixture.bundle().save(to: folder)
      try spoil(folder)
      let error = #expect(throws: BundleError.self, sourceLocation: sourceLocation) {
        try StoredBundle.load(from: folder)
      }
      #expect(error?.code == code, sourceLocation: sourceLocation)
      let message = error?.message ?? ""
      #expect(message.contains(says), "\(message) lacks \(says)", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: ["model.json", "weights.safetensors"])
  func aFilesPlaceHoldsAFile(name: String) throws {
    let files = FileManager.default
    try refuses(.file, "\(name): no such file") { try files.removeItem(atPath: "\($0)/\(name)") }
    try refuses(.file, "\(name) is not a file") {
      try files.removeItem(atPath: "\($0)/\(name)")
      try files.createDirectory(atPath: "\($0)/\(name)", withIntermediateDirectories: false)
    }
    // A pipe that nobody writes to: opening it must not wait.
    try refuses(.file, "\(name) is not a file") {
      try files.removeItem(atPath: "\($0)/\(name)")
      #expect(mkfifo("\($0)/\(name)", 0o600) == 0)
    }
    try refuses(.file, "\(name) is not a file") {
      try files.removeItem(atPath: "\($0)/\(name)")
      try files.createSymbolicLink(atPath: "\($0)/\(name)", withDestinationPath: "/dev/zero")
    }
    try refuses(.file, "\(name): too many levels") {
      try files.removeItem(atPath: "\($0)/\(name)")
      try files.createSymbolicLink(atPath: "\($0)/\(name)", withDestinationPath: name)
    }
    // A hole of a terabyte: refused by its size, not read.
    try refuses(.malformed, "more than") { #expect(truncate("\($0)/\(name)", 1 << 40) == 0) }
    try refuses(.malformed, name == "model.json" ? "model.json: empty" : "not the file") {
      #expect(truncate("\($0)/\(name)", 0) == 0)
    }
  }

  @Test func linksAreFollowed() throws {
    try BundleFixture.withFolder { folder in
      let saved = try BundleFixture.bundle().save(to: "\(folder)/stored")
      let files = FileManager.default
      try files.createSymbolicLink(atPath: "\(folder)/current", withDestinationPath: "stored")
      #expect(try StoredBundle.load(from: "\(folder)/current").id == saved.id)
      try files.createDirectory(atPath: "\(folder)/linked", withIntermediateDirectories: false)
      for name in ["model.json", "weights.safetensors"] {
        try files.createSymbolicLink(atPath: "\(folder)/linked/\(name)", withDestinationPath: "../stored/\(name)")
      }
      #expect(try StoredBundle.load(from: "\(folder)/linked").id == saved.id)
    }
  }

  /// A manifest cut at any of 64 places is refused, and never half believed.
  @Test func aTruncatedManifestIsRefused() throws {
    let whole = try BundleFixture.manifest().json()
    for part in 0..<64 {
      let cut = Array(whole.prefix(whole.count * part / 64))
      #expect(throws: BundleError.self, "\(cut.count) bytes") {
        try cut.withUnsafeBytes { try ModelManifest.parse($0) }
      }
    }
  }

  @Test func twoModelsFilesAreNotMixed() throws {
    try BundleFixture.withFolder { folder in
      _ = try BundleFixture.bundle().save(to: "\(folder)/one")
      _ = try BundleFixture.bundle(seed: 2).save(to: "\(folder)/two")
      try FileManager.default.removeItem(atPath: "\(folder)/one/weights.safetensors")
      try FileManager.default.copyItem(
        atPath: "\(folder)/two/weights.safetensors", toPath: "\(folder)/one/weights.safetensors")
      let error = #expect(throws: BundleError.self) { try StoredBundle.load(from: "\(folder)/one") }
      #expect(error?.message.contains("is not the file that model.json was written with") == true)
    }
  }

  @Test func anEmptyFolderIsFilled() throws {
    try BundleFixture.withFolder { folder in
      try FileManager.default.createDirectory(atPath: "\(folder)/model", withIntermediateDirectories: false)
      let saved = try BundleFixture.bundle().save(to: "\(folder)/model")
      #expect(try StoredBundle.load(from: "\(folder)/model").id == saved.id)
    }
  }

  /// Whatever keeps a bundle from being written, nothing of it is left.
  @Test func whatCannotBeWrittenLeavesNothing() throws {
    let bundle = BundleFixture.bundle()
    try BundleFixture.withFolder { folder in
      try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/file"))
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "nowhere")
      for target in [
        "\(folder)/file", "\(folder)/file/model", "\(folder)/link", "\(folder)/\(String(repeating: "n", count: 300))",
      ] {
        let error = #expect(throws: BundleError.self, "\(target)") { try bundle.save(to: target) }
        #expect(error?.code == .file)
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left.sorted() == ["file", "link"])
      #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/file")) == Data("x".utf8))
    }
    #expect(throws: BundleError.self) { try bundle.save(to: "/proc/lectern/model") }
  }

  /// A file system of 1 MiB, for this thread's eyes only, has no room for the weights.
  @Test func aFullDiskLeavesNothing() async throws {
    let outcome = await PrivateFileSystem.run(byteCount: 1 << 20) { folder -> (BundleError?, [String]) in
      var refusal: BundleError?
      do throws(BundleError) { _ = try BundleFixture.bundle().save(to: "\(folder)/model") } catch { refusal = error }
      return (refusal, (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? ["unreadable"])
    }
    guard let (error, left) = outcome else {
      try Test.cancel("mounting a small file system needs root")
    }
    #expect(error?.code == .file)
    #expect(error?.message.contains("no space left on device") == true)
    #expect(left.isEmpty, "\(left)")
  }
}
