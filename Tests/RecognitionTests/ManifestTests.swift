import Foundation
import LearningEvents
import Neural
import Recognition
import StableHashing
import Tensors
import Testing

/// `model.json` by itself: what it keeps, what it refuses.
@Suite struct ManifestTests {
  private static func parsed(_ manifest: ModelManifest) throws -> ModelManifest {
    var manifest = manifest
    manifest.weightsSHA256 = String(repeating: "0a", count: 32)
    return try manifest.json().withUnsafeBytes { try ModelManifest.parse($0) }
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
    ("\"temperature\" : 1.25", "\"warmth\" : 1", .malformed, "does not know, warmth"),
    ("\"maximum\" : 211", "\"maximum\" : -211", .malformed, "bounds"),
    ("\"deviation\" : 0.25", "\"deviation\" : 0", .malformed, "deviation"),
    ("\"width\" : \"1/4\"", "\"width\" : \"1/3\"", .malformed, "width"),
    ("{", "", .malformed, "model.json"),
    ("\"focused\",\n    \"distracted\"", "\"distracted\",\n    \"focused\"", .labels, "distracted, focused, curious"),
    (",\n    \"happy\"", "", .labels, "5 in number"),
    ("\"happy\"", "\"happy\", \"bored\"", .labels, "7 in number"),
    ("\"trained\" : false", "\"trained\" : false, \"dropout\" : 0.5", .malformed, "dropout"),
    ("\"maximum\" : 211", "\"maximum\" : 211, \"median\" : 3", .malformed, "bounds.sift.median"),
    ("\"trained\" : false", "\"trained\" : false, \"trained\" : true", .malformed, "repeats a key"),
    ("\"maximum\" : 211", "\"maximum\" : 1e39", .malformed, "too large"),
    ("\"maximum\" : 211", "\"maximum\" : 1e999", .malformed, "too large"),
    ("\"maximum\" : 211", "\"maximum\" : NaN", .malformed, "model.json"),
    ("\"format_version\" : 1", "\"format_version\" : 99999999999999999999", .malformed, "too large"),
    ("\"format_version\" : 1", "\"format_version\" : \"1\"", .malformed, "format_version"),
    ("  \"temperature\" : 1.25,\n", "", .malformed, "temperature is missing"),
    ("\"temperature\" : 1.25", "\"temperature\" : -1", .malformed, "temperature"),
    ("\"temperature\" : 1.25", "\"temperature\" : 5e-324", .malformed, "from 0.01 to 100.0"),
    ("\"temperature\" : 1.25", "\"temperature\" : 0.0099", .malformed, "from 0.01 to 100.0"),
    ("\"temperature\" : 1.25", "\"temperature\" : 100.1", .malformed, "from 0.01 to 100.0"),
    ("\"temperature\" : 1.25", "\"temperature\" : 1e308", .malformed, "from 0.01 to 100.0"),
    ("\"temperature\" : 1.25", "\"temperature\" : 1e999", .malformed, "too large"),
    ("\"temperature\" : 1.25", "\"temperature\" : null", .malformed, "temperature"),
    ("\"deviation\" : 0.25", "\"deviation\" : -0.25", .malformed, "deviation"),
    ("\"deviation\" : 0.25", "\"deviation\" : 1e-40", .malformed, "deviation"),
    ("\"mean\" : 0.2", "\"mean\" : 2", .malformed, "means"),
    ("\"vgg16\" : \"fp32\"", "\"vgg16\" : \"bf16\"", .unsupported, "fp32"),
    ("\"net\" : \"fp32\"", "\"net\" : \"fp32\", \"sift\" : \"fp32\"", .unsupported, "fp32"),
    ("\"feature_network\" : \"vgg16\"", "\"feature_network\" : \"vgg19\"", .unsupported, "vgg19"),
    ("\"feature_network\" : \"vgg16\"", "\"feature_network\" : null", .malformed, "feature_network"),
    ("\"hog_normalization\" : \"max\"", "\"hog_normalization\" : \"min\"", .malformed, "hog_normalization"),
    ("\"layout\" : \"planes\"", "\"layout\" : \"grid\"", .malformed, "layout grid has no planes"),
    ("\"layout\" : \"planes\"", "\"layout\" : \"image\"", .malformed, "layout image reads no features"),
    ("\"name\" : \"untrained-test\"", "\"name\" : \"\"", .malformed, "name"),
    ("\"name\" : \"untrained-test\"", "\"name\" : \"a\\nb\"", .malformed, "name"),
    ("\"name\" : \"untrained-test", "\"name\" : \"\(String(repeating: "n", count: 60))\\u0007", .malformed, "name"),
    ("\"name\" : \"untrained-test", "\"name\" : \"\(String(repeating: "n", count: 201))", .malformed, "name"),
    ("\"network\" : \"drsn18\"", "\"network\" : \"drsn\\n\\u001b[31m18\"", .unsupported, #"drsn\u{a}\u{1b}[31m18"#),
    ("\"weights_sha256\" : \"", "\"weights_sha256\" : \"G", .malformed, "weights_sha256"),
    ("\"data_set_fingerprint\" : null", "\"data_set_fingerprint\" : \"faces\"", .malformed, "data_set_fingerprint"),
  ])
  func refusesAForeignManifest(_ edit: (from: String, to: String, code: BundleError.Code, says: String)) throws {
    var manifest = BundleFixture.manifest()
    manifest.weightsSHA256 = String(repeating: "0a", count: 32)
    let text = String(decoding: try manifest.json(), as: UTF8.self)
    let range = try #require(text.range(of: edit.from), "\(edit.from) is not in the manifest")
    let edited = Array(text.replacingCharacters(in: range, with: edit.to).utf8)
    let error = #expect(throws: BundleError.self) { try edited.withUnsafeBytes { try ModelManifest.parse($0) } }
    #expect(error?.code == edit.code)
    #expect(error?.message.contains(edit.says) == true, "\(error?.message ?? "")")
  }

  @Test(arguments: [0.01, 1, 100]) func temperaturesOfCalibrationAreTaken(_ temperature: Double) throws {
    var manifest = BundleFixture.manifest()
    manifest.temperature = temperature
    #expect(try Self.parsed(manifest).temperature == temperature)
  }

  /// Bounds are learned, stored and applied: what is read back is the same to the last bit, subnormal and extreme
  /// numbers included.
  @Test func boundsComeBackBitForBit() throws {
    var random = SplitMix64(seed: 7)
    func number() -> Float {
      while true {
        let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
        if value.isFinite { return value }
      }
    }
    func pair() -> FeatureBounds {
      let values = [number(), number()].sorted()
      return FeatureBounds(minimum: values[0], maximum: values[1])
    }
    for _ in 0..<500 {
      var manifest = BundleFixture.manifest()
      let bounds = FamilyBounds(cnn: pair(), hog: pair(), sift: pair())
      manifest.bounds = bounds
      let mean = Float(random.next() >> 40) / Float(1 << 24)
      let deviation = max(1e-6, Float(random.next() >> 40) / Float(1 << 24))
      manifest.planes?[1] = .init(mean: mean, deviation: deviation)
      manifest.temperature = 0.01 + 99.98 * Double(random.next() >> 11) / Double(1 << 53)
      let read = try Self.parsed(manifest)
      for family in FeatureFamily.allCases {
        let (own, other) = (bounds[family], try #require(read.bounds)[family])
        #expect(own.minimum.bitPattern == other.minimum.bitPattern)
        #expect(own.maximum.bitPattern == other.maximum.bitPattern)
      }
      let plane = try #require(read.planes?[1])
      #expect(plane.mean.bitPattern == mean.bitPattern && plane.deviation.bitPattern == deviation.bitPattern)
      #expect(read.temperature.bitPattern == manifest.temperature.bitPattern)
    }
  }

  /// Bundles have the six learning emotions unless they name another set, and those of the six never name it.
  @Test func labelsOfAnotherSetAreKept() throws {
    var manifest = BundleFixture.manifest()
    manifest.weightsSHA256 = String(repeating: "0a", count: 32)
    let text = String(decoding: try manifest.json(), as: UTF8.self)
    #expect(!text.contains("label_set"))
    let named = text.replacingOccurrences(
      of: "\"labels\"", with: "\"label_set\" : \"learning-emotions\", \"labels\"")
    #expect(try Array(named.utf8).withUnsafeBytes { try ModelManifest.parse($0) } == manifest)
    for labels in [["angry", "glad"], (0..<100).map { "label \($0)" }, ["学习", "Ærgerlig"]] {
      manifest.labelSet = LabelSet(name: "research-2", labels: labels)
      manifest.trained = true
      manifest.evaluation = ModelEvaluation(
        samples: labels.count, accuracy: 1,
        confusionMatrix: labels.indices.map { row in labels.indices.map { $0 == row ? 1 : 0 } })
      let read = try Self.parsed(manifest)
      #expect(read.labelSet == manifest.labelSet && read.labels == labels && read.evaluation == manifest.evaluation)
      #expect(!read.isOfLearningEmotions)
      #expect(try read.makeNetwork()?.outputShape(batch: 1) == [1, labels.count])
    }
  }

  @Test(arguments: [
    ("learning-emotions", ["angry", "glad"], "2 in number"),
    ("learning-emotions", ["focused", "curious", "distracted", "confused", "tired", "happy"], "in this order"),
    ("", ["a", "b"], "label_set"), ("Research", ["a", "b"], "label_set"), ("a b", ["a", "b"], "label_set"),
    (String(repeating: "n", count: 65), ["a", "b"], "label_set"),
    ("research", ["a"], "2 to 100"), ("research", (0...100).map(String.init), "2 to 100"), ("research", [], "2 to 100"),
    ("research", ["a", "b", "a"], "twice"), ("research", ["a", ""], "plain text"),
    ("research", ["a", "b\u{1B}[2J"], "plain text"), ("research", ["a,b", "c"], "plain text"),
    ("research", ["a", String(repeating: "n", count: 65)], "plain text"),
  ])
  func labelsThatAreNoSetAreRefused(_ name: String, _ labels: [String], _ says: String) throws {
    var manifest = BundleFixture.manifest()
    manifest.labelSet = LabelSet(name: name, labels: labels)
    manifest.weightsSHA256 = String(repeating: "0a", count: 32)
    // As a file has it: a set that is named, whatever it is.
    let text = String(decoding: try manifest.json(), as: UTF8.self)
    let json =
      text.contains("label_set")
      ? text : text.replacingOccurrences(of: "\"labels\"", with: "\"label_set\" : \"\(name)\", \"labels\"")
    let error = #expect(throws: BundleError.self) {
      try Array(json.utf8).withUnsafeBytes { try ModelManifest.parse($0) }
    }
    #expect(error?.code == .labels)
    #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
    #expect(error?.message.unicodeScalars.allSatisfy { $0.value >= 0x20 } == true)
  }

  @Test func anEvaluationIsKept() throws {
    var manifest = BundleFixture.manifest()
    manifest.trained = true
    manifest.dataSetFingerprint = String(repeating: "c3", count: 32)
    manifest.evaluation = Self.evaluation()
    let read = try Self.parsed(manifest)
    #expect(read.evaluation == manifest.evaluation)
    #expect(read.dataSetFingerprint == manifest.dataSetFingerprint)
  }

  /// Ten of each label, seven of them right.
  private static func evaluation() -> ModelEvaluation {
    let labels = Emotion.allCases.count
    let matrix = (0..<labels).map { row in (0..<labels).map { $0 == row ? 7 : $0 == (row + 1) % labels ? 3 : 0 } }
    return ModelEvaluation(samples: 60, accuracy: 0.7, confusionMatrix: matrix)
  }

  @Test(arguments: 0..<9)
  func anEvaluationThatContradictsItselfIsRefused(_ index: Int) throws {
    var manifest = BundleFixture.manifest()
    manifest.trained = true
    var evaluation = Self.evaluation()
    switch index {
    case 0: evaluation.confusionMatrix.removeLast()
    case 1: evaluation.confusionMatrix[3].append(0)
    case 2: evaluation.confusionMatrix[0][0] = -7
    case 3: evaluation.samples = 61
    case 4: evaluation.samples = 0
    case 5: evaluation.accuracy = 0.71
    case 6: evaluation.accuracy = .greatestFiniteMagnitude
    case 7: evaluation.confusionMatrix[2] = [Int](repeating: .max, count: 6)
    default: manifest.trained = false
    }
    manifest.evaluation = evaluation
    let error = #expect(throws: BundleError.self) { try Self.parsed(manifest) }
    #expect(error?.code == .malformed)
    #expect(error?.message.contains("evaluation") == true, "\(error?.message ?? "")")
  }

  /// Any bytes are a manifest or an error that may be logged: a few tens of thousands of damaged manifests, always the
  /// same ones, for a bounded time.
  @Test func damagedManifestsNeverCrash() throws {
    var seeds: [[UInt8]] = []
    for layout in ModelManifest.LayoutKind.allCases {
      var manifest = BundleFixture.manifest(layout: layout)
      manifest.weightsSHA256 = String(repeating: "0a", count: 32)
      seeds.append(try manifest.json())
      manifest.trained = true
      manifest.evaluation = Self.evaluation()
      seeds.append(try manifest.json())
    }
    var random = SplitMix64(seed: 2024)
    let deadline = ContinuousClock.now + .seconds(2)
    var outcomes: [BundleError.Code?: Int] = [:]
    var rounds = 0
    while rounds < 20_000, rounds % 64 != 0 || ContinuousClock.now < deadline {
      rounds += 1
      var bytes = seeds[random.below(seeds.count)]
      for _ in 0...random.below(4) { bytes.damage(&random) }
      do {
        let manifest = try bytes.withUnsafeBytes { try ModelManifest.parse($0) }
        // What is accepted is whole: it can be written, built and read again.
        #expect(try Self.parsed(manifest).labels == Emotion.allCases.map(\.name))
        #expect(manifest.makeNetwork()?.inputShape == manifest.makeLayout().shape)
        outcomes[nil, default: 0] += 1
      } catch let error as BundleError {
        #expect(error.message.count < 400)
        #expect(!error.message.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f })
        outcomes[error.code, default: 0] += 1
      }
    }
    // Damage that is too kind, or too blunt to get past the first check, would test nothing.
    #expect(rounds >= 500)
    for code in [nil, BundleError.Code.malformed, .version, .labels] {
      #expect(outcomes[code, default: 0] > 0, "\(outcomes)")
    }
  }
}

extension SplitMix64 {
  fileprivate mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }
}

extension [UInt8] {
  /// One small damage, as bits rot and as people edit.
  fileprivate mutating func damage(_ random: inout SplitMix64) {
    let tokens = [
      "null", "{}", "[]", "-0", "1e999", "1e-999", "-1e39", "9223372036854775808", "0.1", "\"\"", "\"\\u0000\"",
      "\"1/2\"",
      "true", ",", "}", "\"bounds\":{}", String(repeating: "[", count: 600), "\u{FEFF}", "\\ud800", "\"grid\"",
      "\"image\"",
    ]
    let at = random.below(count + 1)
    let length = Swift.min(count - at, 1 + random.below(24))
    switch random.below(9) {
    case 0 where at < count: self[at] ^= 1 << UInt8(random.below(8))
    case 1 where at < count: self[at] = UInt8(random.below(256))
    case 2: removeSubrange(at..<at + length)
    case 3: insert(contentsOf: self[at..<at + length], at: random.below(count + 1))
    case 4: insert(contentsOf: Array(tokens[random.below(tokens.count)].utf8), at: at)
    case 5: if random.below(8) == 0 { removeSubrange(at..<count) }
    case 6: replaceNumber(from: at, by: Array(tokens[random.below(tokens.count)].utf8))
    case 7: replaceNumber(from: at, by: Array(String(random.below(3)).utf8))
    default:
      // Another word in a word's place, which leaves the file well formed.
      if let quote = self[at...].firstIndex(of: UInt8(ascii: "\"")), quote + 2 < count {
        self[quote + 1] = UInt8(ascii: "x")
      }
    }
  }

  private mutating func replaceNumber(from index: Int, by token: [UInt8]) {
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    guard let start = self[index...].firstIndex(where: isDigit) else { return }
    let end = self[start...].firstIndex { !isDigit($0) } ?? count
    replaceSubrange(start..<end, with: token)
  }
}
