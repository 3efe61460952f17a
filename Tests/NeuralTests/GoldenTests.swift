import Cryptography
import DeviationReporting
import Neural
import NeuralTestSupport
import Tensors
import Testing

/// The reference backend against PyTorch, stage by stage.
@Suite struct GoldenTests {
  static let networks: [String: Network] = [
    "vgg16": .vgg16Features(), "resnet18": .resnet18(), "resnet18-se": .resnet18SE(), "drsn18": .drsn18(),
  ]

  @Test(arguments: ["vgg16", "resnet18", "resnet18-se", "drsn18"])
  func `every stage of the reference agrees with PyTorch at 64×64`(name: String) throws {
    let golden = try Golden(network: name, size: 64)
    let network = try #require(Self.networks[name]).resized(height: 64, width: 64)
    let weights = Weights.seeded(for: network, seed: golden.seed, .varied)

    var hash = SHA256Stream()
    for key in weights.keys.sorted() {
      weights[key]?.withUnsafeBufferPointer { hash.update(UnsafeRawBufferPointer($0)) }
    }
    #expect(Hex.encode(hash.finish()) == golden.metadata["weights_sha256"])

    var seen: Set<String> = []
    var worst = DeviationReport(
      "\(name) 64×64, every stage, reference in Float, max|Δ|/max|reference|", against: golden.reference,
      tolerance: 1e-5)
    var relativeL2 = DeviationReport(
      "\(name) 64×64, every stage, reference in Float, relative L2", against: golden.reference, tolerance: 1e-5)
    let output = try ReferenceBackend<Float>(network, weights: weights).run(golden.input()) { stage, value in
      guard let deviation = golden.deviation(of: value, stage: stage) else { return }
      seen.insert(stage)
      worst.include(deviation.relativeToLargest)
      relativeL2.include(deviation.relativeL2)
      #expect(deviation.relativeToLargest < 1e-5, "\(stage)")
      #expect(deviation.relativeL2 < 1e-5, "\(stage)")
    }
    worst.publish()
    relativeL2.publish()
    #expect(seen == Set(golden.stages))
    #expect(seen.count == network.nodes.count)
    #expect((golden.probabilities != nil) == (name != "vgg16"))
    if let expected = golden.probabilities {
      let actual = ReferenceLayers.softmax(output)
      #expect(actual.shape == expected.shape)
      let difference = zip(actual.elements, expected.elements).map { abs($0 - $1) }.max() ?? .infinity
      let part = "\(name) 64×64, probabilities, reference in Float, max|Δ|"
      DeviationReport.publish(part, against: golden.reference, tolerance: 1e-4, worst: Double(difference))
      #expect(difference < 1e-4)
    }
  }
}
