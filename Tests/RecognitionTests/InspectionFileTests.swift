import Files
import Foundation
import LearningEvents
import Neural
import Recognition
import Tensors
import Testing
import Vision

/// A folder that is gone after the test.
private final class Scratch {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "lectern-inspection-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  @discardableResult func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: self(name)))
    return self(name)
  }

  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

@Suite("Files of inspection")
struct InspectionFileTests {
  private static let columns: [RowFile.Column] = [.init("b", [2, 2]), .init("a", []), .init("long", [70_000])]

  private func tensors(_ path: String) throws -> (Weights, [String: String]) {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    return try bytes.withUnsafeBytes {
      (try Safetensors.tensors(copying: $0), try Safetensors(parsing: $0).metadata)
    }
  }

  @Test("rows written in any order are read back; what was not written is not-a-number")
  func rows() throws {
    let scratch = try Scratch()
    let path = scratch("out.safetensors")
    let file = try RowFile(
      at: FilePath(path), Self.columns, rows: 3, reserving: ["note": String(repeating: "x", count: 40)])
    #expect(RowFile.dataByteCount(Self.columns, rows: 3) == 3 * 70_005 * 4)
    try file.write([5, 6, 7, 8], to: "b", row: 2)
    try file.write([1], to: "a", row: 2)
    try file.write(Tensor(repeating: 3, [1, 70_000]), to: "long", row: 2)
    try file.writeMissing(["a", "b", "long"], row: 1)
    try file.write([1, 2, 3, 4], to: "b", row: 0)
    try file.writeMissing(["a", "long"], row: 0)
    #expect(scratch.names == ["out.safetensors.partial"])
    try file.finish(metadata: ["note": "short"])
    #expect(scratch.names == ["out.safetensors"])
    let (tensors, metadata) = try tensors(path)
    #expect(metadata == ["note": "short"])
    #expect(tensors["b"]?.shape == [3, 2, 2] && tensors["a"]?.shape == [3] && tensors["long"]?.shape == [3, 70_000])
    let b = try #require(tensors["b"]).elements
    #expect(Array(b[0..<4]) == [1, 2, 3, 4] && b[4..<8].allSatisfy(\.isNaN) && Array(b[8...]) == [5, 6, 7, 8])
    let long = try #require(tensors["long"]).elements
    #expect(long[0..<140_000].allSatisfy(\.isNaN) && long[140_000...].allSatisfy { $0 == 3 })
    let size = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
    #expect(size == file.byteCount && (size - 3 * 70_005 * 4) % 64 == 0)
  }

  @Test("a file that is not finished leaves nothing, and the one before stays")
  func unfinished() throws {
    let scratch = try Scratch()
    let path = try scratch.write("out.safetensors", [1, 2, 3])
    do {
      let file = try RowFile(at: FilePath(path), Self.columns, rows: 2, reserving: [:])
      try file.write([1], to: "a", row: 0)
    }
    #expect(scratch.names == ["out.safetensors"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1, 2, 3]))
    // What a killed run left behind is written over.
    try scratch.write("out.safetensors.partial", [9])
    let file = try RowFile(at: FilePath(path), [.init("a", [])], rows: 1, reserving: [:])
    try file.write([4], to: "a", row: 0)
    try file.finish(metadata: [:])
    #expect(try tensors(path).0["a"]?.elements == [4])
  }

  @Test("what cannot be written is refused before anything is computed")
  func refused() throws {
    let scratch = try Scratch()
    let column = [RowFile.Column("a", [1 << 20])]
    func message(_ path: String, _ columns: [RowFile.Column] = column, rows: Int = 1) -> String {
      do {
        _ = try RowFile(at: FilePath(path), columns, rows: rows, reserving: [:])
        return "was made"
      } catch {
        return error.description
      }
    }
    #expect(message(scratch("no/such/folder/x")).contains("no such file"))
    #expect(message(scratch.path).hasSuffix(": is a directory"))
    #expect(message(scratch("big"), rows: 1 << 24).contains("are free there"))
    #expect(message(scratch("big"), rows: 1 << 50).contains("too many"))
    // Another run holds it.
    let held = try RowFile(at: FilePath(scratch("held")), column, rows: 1, reserving: [:])
    #expect(message(scratch("held")).contains("another run"))
    withExtendedLifetime(held) {}
    // A link where the partial file is to be made is not followed.
    try FileManager.default.createSymbolicLink(atPath: scratch("l.partial"), withDestinationPath: scratch("elsewhere"))
    #expect(message(scratch("l")).contains("cannot write"))
    #expect(scratch.names.contains("elsewhere") == false)
  }

  @Test("the table's shapes are the networks' own, and a row's size is known")
  func table() throws {
    for layout in ModelManifest.LayoutKind.allCases {
      let manifest = InspectionBench(layout: layout).manifest
      let plain = try FeatureTable(model: manifest, stages: false)
      #expect(plain.featureTaps.isEmpty && plain.classifierTaps.isEmpty)
      let names = plain.columns.map(\.name)
      #expect(names.contains("cnn") == layout.isFused && names.contains("fused.sift") == layout.isFused)
      #expect(plain.columns.first { $0.name == "net.input" }?.shape == manifest.makeLayout().shape)
      let told = try FeatureTable(model: manifest, stages: true)
      #expect(told.featureTaps.count == (layout.isFused ? 31 : 0))
      let network = try #require(manifest.makeNetwork())
      #expect(told.classifierTaps.count == network.nodes.count + Explanation.StageThreshold.taps(of: network).count)
      #expect(told.columns.count == plain.columns.count + told.classifierTaps.count + (layout.isFused ? 32 : 0))
      #expect(Set(told.columns.map(\.name)).count == told.columns.count)
    }
    let full = ModelManifest(
      name: "full", trained: false, bounds: InspectionBench(layout: .planes).manifest.bounds,
      planes: [.identity, .identity, .identity])
    let stages = try FeatureTable(model: full, stages: true).columns
    #expect(stages.first { $0.name == "vgg16.features.0" }?.shape == [64, 224, 224])
    #expect(stages.first { $0.name == "net.layer4.1.shrink.threshold" }?.shape == [512])
    #expect(stages.first { $0.name == "net.fc" }?.shape == [6])
    // VGG16's 31 stages are 28.6 million numbers, the DRSN's 9.9 million.
    let bytes = RowFile.dataByteCount(stages, rows: 1)
    #expect(bytes > 150_000_000 && bytes < 165_000_000, "\(bytes)")
    #expect(RowFile.megabytes(154_649_999) == "154.6 MB" && RowFile.megabytes(0) == "0.0 MB")
    #expect(RowFile.dataByteCount(stages, rows: .max) == .max)
  }

  @Test("a row holds what was inspected", arguments: ModelManifest.LayoutKind.allCases)
  func tableRows(layout: ModelManifest.LayoutKind) async throws {
    let scratch = try Scratch()
    let bench = InspectionBench(layout: layout)
    let inspector = bench.inspector()
    let table = try FeatureTable(model: bench.manifest, stages: false)
    let file = try RowFile(at: FilePath(scratch("f")), table.columns, rows: 4, reserving: [:])
    var inspections: [Inspection] = []
    for (row, code) in [2, InspectionBench.empty, InspectionBench.dark, 5].enumerated() {
      inspections.append(try await inspector.inspect(RecognitionRequest(bytes: [code])))
      try table.write(inspections[row], to: file, row: row)
    }
    try file.finish(metadata: [:])
    let (tensors, _) = try tensors(scratch("f"))
    func row(_ name: String, _ index: Int) throws -> [Float] {
      let tensor = try #require(tensors[name])
      return Array(tensor.elements[index * tensor.count / 4..<(index + 1) * tensor.count / 4])
    }
    #expect(tensors.count == table.columns.count)
    for index in [0, 3] {
      let answer = try #require(inspections[index].answer)
      #expect(try row("hog", index) == answer.features.hog)
      #expect(try row("crop", index) == answer.features.crop.pixels.map(Float.init))
      #expect(try row("net.input", index) == answer.input.elements)
      #expect(try row("logits", index) == answer.said.logits)
      #expect(try row("probabilities", index) == answer.said.probabilities.map { Float($0) })
      #expect(try row("box", index) == [20, 10, 110, 120])
      #expect(try row("faces", index) == [2])
      if layout.isFused {
        #expect(try row("cnn", index) == answer.features.cnn)
        #expect(try row("fused.sift", index) == answer.fused?.sift)
      }
    }
    // No face: nothing. A dark face: where it is and how bad, and its crop, but no features.
    for (name, _) in tensors {
      #expect(try row(name, 1).allSatisfy(\.isNaN))
      let known = ["box", "faces", "quality", "quality.measures", "crop"].contains(name)
      #expect(try row(name, 2).allSatisfy(\.isNaN) == !known, "\(name)")
    }
  }

  @Test("every named path is an entry, folders are looked through, and nothing waits", .timeLimit(.minutes(1)))
  func list() throws {
    let scratch = try Scratch()
    let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 0]
    try FileManager.default.createDirectory(atPath: scratch("deep/er"), withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: scratch("none"), withIntermediateDirectories: true)
    for name in ["b.jpg", "a", "deep/er/z\u{1B}[2J.png", "deep/x.JPEG"] { try scratch.write(name, jpeg) }
    try scratch.write("empty.png", [])
    try scratch.write("notes.txt", Array("text".utf8))
    #expect(mkfifo(scratch("pipe.jpg"), 0o600) == 0 && mkfifo(scratch("none/pipe"), 0o600) == 0)
    // A folder inside itself, and a link to nothing.
    try FileManager.default.createSymbolicLink(atPath: scratch("deep/loop"), withDestinationPath: scratch.path)
    try FileManager.default.createSymbolicLink(atPath: scratch("gone.png"), withDestinationPath: "/nonexistent/x")
    let list = PictureList(
      [
        scratch.path, scratch("notes.txt"), scratch("pipe.jpg"), scratch("none"), "/nonexistent", "", "/dev/null",
      ].map { FilePath($0) })
    let found = list.entries.map { ($0.path.replacing(scratch.path, with: "."), $0.problem) }
    #expect(
      found.map(\.0) == [
        "./a", "./b.jpg", "./deep/er/z\u{1B}[2J.png", "./deep/x.JPEG", "./empty.png", "./gone.png", "./notes.txt",
        "./pipe.jpg", "./none", "/nonexistent", "", "/dev/null",
      ])
    #expect(found.prefix(5).allSatisfy { $0.1 == nil } && found[6].1 == nil)
    for index in [5] + Array(7..<12) { #expect(found[index].1 != nil, "\(found[index].0)") }
    // The text, the pipes (one twice, as its folder is named twice), the loop.
    #expect(list.skipped == 5)
  }

  @Test("only regular files of a bounded size are read", .timeLimit(.minutes(1)))
  func reading() throws {
    let scratch = try Scratch()
    let path = try scratch.write("x", Array(0..<100))
    #expect(try PictureFile.read(FilePath(path), limit: 100) == Array(0..<100))
    #expect(try PictureFile.read(FilePath(scratch.write("nothing", [])), limit: 100).isEmpty)
    #expect(mkfifo(scratch("pipe"), 0o600) == 0)
    // A file of a terabyte that has no bytes on the disk.
    let huge = try scratch.write("huge", [])
    #expect(truncate(huge, 1 << 40) == 0)
    for (path, isTooLarge) in [
      (path, true), (huge, true), (scratch("pipe"), false), (scratch.path, false), (scratch("none"), false),
      ("/dev/zero", false),
    ] {
      do {
        _ = try PictureFile.read(FilePath(path), limit: 99)
        Issue.record("\(path) was read")
      } catch {
        #expect(error.isTooLarge == isTooLarge, "\(error)")
      }
    }
  }
}
