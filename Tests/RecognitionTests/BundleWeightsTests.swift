import Cryptography
import Foundation
import Neural
import Recognition
import Tensors
import Testing

/// Weights that are not the model's, though their hash is right.
@Suite struct BundleWeightsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let says: String
    let change: @Sendable (inout Weights) -> Void
  }

  static let cases: [Case] = [
    Case(testDescription: "missing", says: "fc.bias") { $0["net.fc.bias"] = nil },
    Case(testDescription: "extra of the network", says: "fc.gain") { $0["net.fc.gain"] = Tensor([1], [1]) },
    Case(testDescription: "extra of no network", says: "tensor of neither network: optimizer.step") {
      $0["optimizer.step"] = Tensor([1], [1])
    },
    Case(testDescription: "transposed", says: "fc.weight has shape [128, 6], not [6, 128]") {
      $0["net.fc.weight"] = $0["net.fc.weight"].map { Tensor([128, 6], $0.elements) }
    },
    Case(testDescription: "VGG16's missing", says: "features.28.weight") { $0["vgg16.features.28.weight"] = nil },
    Case(testDescription: "NaN", says: "conv1.weight holds NaN or infinity") { $0["net.conv1.weight"]?[5] = .nan },
    Case(testDescription: "infinity", says: "features.0.bias holds NaN or infinity") {
      $0["vgg16.features.0.bias"]?[0] = -.infinity
    },
    Case(testDescription: "negative variance", says: "bn1.running_var holds a variance below zero") {
      $0["net.bn1.running_var"]?[3] = -1
    },
    Case(testDescription: "a name to spoil a log", says: #"neither network: \u{1b}[2Jhidden"#) {
      $0["\u{1b}[2Jhidden"] = Tensor([1], [1])
    },
    Case(testDescription: "a network's name to spoil a log", says: #"does not have: \u{1b}[2J\u{a}hidden"#) {
      $0["net.\u{1b}[2J\nhidden"] = Tensor([1], [1])
    },
  ]

  @Test(arguments: cases)
  func areRefusedByName(_ test: Case) throws {
    try BundleFixture.withFolder { folder in
      let folder = "\(folder)/model"
      _ = try BundleFixture.bundle().save(to: folder)
      try Self.rewrite(folder, test.change)
      let error = #expect(throws: BundleError.self) { try StoredBundle.load(from: folder) }
      #expect(error?.code == .malformed)
      #expect(error?.message.contains(test.says) == true, "\(error?.message ?? "")")
    }
  }

  /// The same rewriting without a change is read again: what the cases above refuse is their change.
  @Test func unchangedAreRead() throws {
    try BundleFixture.withFolder { folder in
      let folder = "\(folder)/model"
      let saved = try BundleFixture.bundle().save(to: folder)
      try Self.rewrite(folder) { _ in }
      #expect(try StoredBundle.load(from: folder).id == saved.id)
    }
  }

  /// All tensors of a loaded bundle lie in the one buffer that the file was read into, where the file has them: nothing
  /// was copied a second time.
  @Test func tensorsLieInTheFileThatWasRead() throws {
    try BundleFixture.withFolder { folder in
      let folder = "\(folder)/model"
      _ = try BundleFixture.bundle().save(to: folder)
      let loaded = try StoredBundle.load(from: folder).bundle
      let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/weights.safetensors")))
      let entries = try file.withUnsafeBytes { try Safetensors(parsing: $0).entries }
      var starts: Set<Int> = []
      for entry in entries {
        let isFeature = entry.name.hasPrefix("vgg16.")
        let name = String(entry.name.dropFirst(isFeature ? 6 : 4))
        let tensor = try #require(isFeature ? loaded.featureWeights[name] : loaded.networkWeights[name])
        let address = tensor.withUnsafeBufferPointer { Int(bitPattern: $0.baseAddress) }
        starts.insert(address - entry.bytes.lowerBound)
      }
      #expect(entries.count == loaded.featureWeights.count + loaded.networkWeights.count)
      #expect(starts.count == 1, "tensors lie in \(starts.count) buffers")
      #expect(starts.first.map { $0 % 64 } == 0)
    }
  }

  /// Rewrites the weights, and the digest that the manifest names for them.
  private static func rewrite(_ folder: String, _ change: (inout Weights) -> Void) throws {
    let url = URL(fileURLWithPath: "\(folder)/weights.safetensors")
    let old = [UInt8](try Data(contentsOf: url))
    var weights = try old.withUnsafeBytes { try Safetensors.tensors(copying: $0) }
    change(&weights)
    let new = Safetensors.encode(weights)
    try Data(new).write(to: url)
    func digest(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { Hex.encode(SHA256.hash($0)) } }
    try BundleFixture.edit(folder, replacing: digest(old), by: digest(new))
  }
}
