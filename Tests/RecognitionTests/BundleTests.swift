import Foundation
import LearningEvents
import Neural
import Recognition
import Tensors
import Testing

@Suite struct BundleTests {
  @Test func roundTrip() throws {
    try BundleFixture.withFolder { folder in
      let saved = try BundleFixture.bundle().save(to: "\(folder)/deep/model")
      let loaded = try StoredBundle.load(from: "\(folder)/deep/model")
      #expect(saved.id == loaded.id)
      #expect(loaded.id.utf8.count == 64)
      #expect(loaded.bundle.manifest == saved.bundle.manifest)
      #expect(loaded.bundle.manifest.trained == false)
      #expect(loaded.bundle.featureWeights == BundleFixture.bundle().featureWeights)
      #expect(loaded.bundle.networkWeights == BundleFixture.bundle().networkWeights)
      // The same bundle again is the same bytes and the same id; nothing else lies beside it.
      let again = try BundleFixture.bundle().save(to: "\(folder)/deep/again")
      #expect(again.id == saved.id)
      let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/deep")
      #expect(names.sorted() == ["again", "model"])
    }
  }

  @Test func everythingThatChangesAnAnswerChangesTheId() throws {
    try BundleFixture.withFolder { folder in
      let first = try BundleFixture.bundle().save(to: "\(folder)/first").id
      let weights = try BundleFixture.bundle(seed: 2).save(to: "\(folder)/weights").id
      var warmer = BundleFixture.bundle()
      warmer.manifest.temperature = 1.5
      let temperature = try warmer.save(to: "\(folder)/temperature").id
      #expect(Set([first, weights, temperature]).count == 3)
    }
  }

  /// Whatever is edited in a stored manifest, the bundle has another id: whoever knows the id knows all of it.
  @Test(arguments: [
    ("\"trained\" : false", "\"trained\" : true"), ("\"untrained-test\"", "\"untrained-tesT\""),
    ("\"temperature\" : 1.25", "\"temperature\" : 1.26"), ("\"maximum\" : 211", "\"maximum\" : 212"),
    ("\"hog_normalization\" : \"max\"", "\"hog_normalization\" : \"l2hys\""), ("\n", " \n"),
  ])
  func theIdCoversTheWholeManifest(_ edit: (from: String, to: String)) throws {
    try BundleFixture.withFolder { folder in
      let saved = try BundleFixture.bundle().save(to: "\(folder)/model")
      #expect(try StoredBundle.load(from: "\(folder)/model").id == saved.id)
      try BundleFixture.edit("\(folder)/model", replacing: edit.from, by: edit.to)
      let edited = try StoredBundle.load(from: "\(folder)/model")
      #expect(edited.id != saved.id)
      // Short forms are shown too: by twelve digits they differ as well.
      #expect(edited.id.text.prefix(12) != saved.id.text.prefix(12))
    }
  }

  @Test func aBundleIsNeverOverwritten() throws {
    try BundleFixture.withFolder { folder in
      let first = try BundleFixture.bundle().save(to: "\(folder)/model").id
      #expect(throws: BundleError.self) { try BundleFixture.bundle(seed: 2).save(to: "\(folder)/model") }
      let loaded = try StoredBundle.load(from: "\(folder)/model")
      #expect(loaded.id == first)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(names == ["model"])
    }
  }

  @Test func untrainedHasNoEvaluation() throws {
    try BundleFixture.withFolder { folder in
      _ = try BundleFixture.bundle().save(to: "\(folder)/model")
      let text = try String(contentsOfFile: "\(folder)/model/model.json", encoding: .utf8)
      #expect(text.contains("\"evaluation\" : null"))
      #expect(text.contains("\"trained\" : false"))
      #expect(text.contains("\"format_version\" : 1"))
    }
  }

  /// The hash is right, but the manifest names wider networks than the weights are of.
  @Test func refusesWeightsOfAnotherWidth() throws {
    try BundleFixture.withFolder { folder in
      _ = try BundleFixture.bundle().save(to: "\(folder)/model")
      try BundleFixture.edit("\(folder)/model", replacing: "\"width\" : \"1/4\"", by: "\"width\" : \"1/2\"")
      let error = #expect(throws: BundleError.self) { try StoredBundle.load(from: "\(folder)/model") }
      #expect(error?.code == .malformed)
      #expect(error?.message.contains("features.0") == true, "\(error?.message ?? "")")
    }
  }

  @Test func refusesOtherWeights() throws {
    try BundleFixture.withFolder { folder in
      _ = try BundleFixture.bundle().save(to: "\(folder)/model")
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
    try BundleFixture.withFolder { folder in
      var bundle = BundleFixture.bundle()
      bundle.networkWeights["fc.bias"] = nil
      #expect(throws: BundleError.self) { try bundle.save(to: "\(folder)/model") }
      #expect(!StoredBundle.exists(in: "\(folder)/model"))
    }
  }
}
