import Foundation
import Neural
import Recognition
import Tensors
import Testing

@Suite struct BundleTests {
  /// A narrow model, so that its files are small; another seed gives other weights.
  static func bundle(seed: UInt64 = 1) -> ModelBundle {
    let bounds = FamilyBounds(
      cnn: FeatureBounds(minimum: 0, maximum: 12.3456789), hog: FeatureBounds(minimum: 0, maximum: 1),
      sift: FeatureBounds(minimum: 0, maximum: 211))
    let manifest = ModelManifest(
      name: "untrained-test", trained: false, width: .quarter, bounds: bounds,
      planes: [.init(mean: 0.1, deviation: 0.3), .init(mean: 0.2, deviation: 0.25), .identity], temperature: 1.25)
    return ModelBundle(
      manifest: manifest, featureWeights: .seeded(for: manifest.makeFeatureNetwork()!, seed: seed),
      networkWeights: .seeded(for: manifest.makeNetwork()!, seed: seed, .varied))
  }

  @Test func roundTrip() throws {
    try withFolder { folder in
      let saved = try Self.bundle().save(to: "\(folder)/deep/model")
      let loaded = try StoredBundle.load(from: "\(folder)/deep/model")
      #expect(saved.id == loaded.id)
      #expect(loaded.id.count == 64)
      #expect(loaded.bundle.manifest == saved.bundle.manifest)
      #expect(loaded.bundle.manifest.trained == false)
      #expect(loaded.bundle.featureWeights == Self.bundle().featureWeights)
      #expect(loaded.bundle.networkWeights == Self.bundle().networkWeights)
      // The same bundle again is the same bytes and the same id; nothing else lies beside it.
      let again = try Self.bundle().save(to: "\(folder)/deep/again")
      #expect(again.id == saved.id)
      let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/deep")
      #expect(names.sorted() == ["again", "model"])
    }
  }

  @Test func everythingThatChangesAnAnswerChangesTheId() throws {
    try withFolder { folder in
      let first = try Self.bundle().save(to: "\(folder)/first").id
      let weights = try Self.bundle(seed: 2).save(to: "\(folder)/weights").id
      var warmer = Self.bundle()
      warmer.manifest.temperature = 1.5
      let temperature = try warmer.save(to: "\(folder)/temperature").id
      #expect(Set([first, weights, temperature]).count == 3)
    }
  }

  @Test func aBundleIsNeverOverwritten() throws {
    try withFolder { folder in
      let first = try Self.bundle().save(to: "\(folder)/model").id
      #expect(throws: BundleError.self) { try Self.bundle(seed: 2).save(to: "\(folder)/model") }
      let loaded = try StoredBundle.load(from: "\(folder)/model")
      #expect(loaded.id == first)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(names == ["model"])
    }
  }

  @Test func untrainedHasNoEvaluation() throws {
    try withFolder { folder in
      _ = try Self.bundle().save(to: "\(folder)/model")
      let text = try String(contentsOfFile: "\(folder)/model/model.json", encoding: .utf8)
      #expect(text.contains("\"evaluation\" : null"))
      #expect(text.contains("\"trained\" : false"))
      #expect(text.contains("\"format_version\" : 1"))
    }
  }

  /// Edits of `model.json`, each with the error it must give.
  @Test(arguments: [
    ("\"format_version\" : 1", "\"format_version\" : 2", BundleError.Code.version, "format version 2"),
    ("\"features_version\" : 1", "\"features_version\" : 9", .version, "features version 9"),
    ("\"curious\"", "\"bored\"", .labels, "bored"),
    ("\"drsn18\"", "\"transformer\"", .unsupported, "transformer"),
    ("\"layout\" : \"planes\"", "\"layout\" : \"spiral\"", .malformed, "layout"),
    ("\"net\" : \"fp32\"", "\"net\" : \"int4\"", .unsupported, "fp32"),
    ("\"temperature\" : 1.25", "\"temperature\" : 0", .malformed, "temperature"),
    ("\"temperature\" : 1.25", "\"warmth\" : 1", .malformed, "temperature is missing"),
    ("\"maximum\" : 211", "\"maximum\" : -211", .malformed, "bounds"),
    ("\"deviation\" : 0.25", "\"deviation\" : 0", .malformed, "deviation"),
    ("\"width\" : \"1/4\"", "\"width\" : \"1/2\"", .malformed, "features.0"),
    ("{", "", .malformed, "model.json"),
  ])
  func refusesAForeignManifest(_ edit: (from: String, to: String, code: BundleError.Code, says: String)) throws {
    try withFolder { folder in
      _ = try Self.bundle().save(to: "\(folder)/model")
      let path = "\(folder)/model/model.json"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let range = try #require(text.range(of: edit.from), "\(edit.from) is not in the manifest")
      try text.replacingCharacters(in: range, with: edit.to).write(toFile: path, atomically: true, encoding: .utf8)
      let error = #expect(throws: BundleError.self) { try StoredBundle.load(from: "\(folder)/model") }
      #expect(error?.code == edit.code)
      #expect(error?.message.contains(edit.says) == true, "\(error?.message ?? "")")
    }
  }

  @Test func refusesOtherWeights() throws {
    try withFolder { folder in
      _ = try Self.bundle().save(to: "\(folder)/model")
      let url = URL(fileURLWithPath: "\(folder)/model/weights.safetensors")
      let whole = try Data(contentsOf: url)
      var flipped = whole
      flipped[flipped.count - 5] ^= 1
      try flipped.write(to: url)
      #expect(throws: BundleError.self) { try StoredBundle.load(from: "\(folder)/model") }
      try whole.dropLast(4).write(to: url)
      #expect(throws: BundleError.self) { try StoredBundle.load(from: "\(folder)/model") }
      try Data().write(to: url)
      #expect(throws: BundleError.self) { try StoredBundle.load(from: "\(folder)/model") }
      try FileManager.default.removeItem(at: url)
      let error = #expect(throws: BundleError.self) { try StoredBundle.load(from: "\(folder)/model") }
      #expect(error?.code == .file)
      #expect(error?.message.contains("weights.safetensors") == true)
    }
  }

  @Test func refusesToWriteWhatItWouldNotRead() throws {
    try withFolder { folder in
      var bundle = Self.bundle()
      bundle.networkWeights["fc.bias"] = nil
      #expect(throws: BundleError.self) { try bundle.save(to: "\(folder)/model") }
      #expect(!StoredBundle.exists(in: "\(folder)/model"))
    }
  }
}

/// A folder of its own that is gone afterwards.
private func withFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder.path)
}
