import DeviationReporting
import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

/// The compiled networks at full size against PyTorch, at every stage that fusion leaves.
@Suite struct CompiledGoldenTests {
  static let networks: [String: Network] = [
    "vgg16": .vgg16Features(), "resnet18": .resnet18(), "resnet18-se": .resnet18SE(), "drsn18": .drsn18(),
  ]

  @Test(arguments: ["vgg16", "resnet18", "resnet18-se", "drsn18"], [1, 2])
  func `every stage of the compiled network agrees with PyTorch at 224×224`(
    name: String, threads: Int
  ) async throws {
    let golden = try Golden(network: name, size: 224)
    let network = try #require(Self.networks[name])
    let prepared = try PreparedNetwork(network, weights: .seeded(for: network, seed: golden.seed, .varied))
    let stream = InferenceStream(name: "golden", threads: threads)
    let inspected = try await stream.compile(prepared, batch: 1, taps: golden.stages)
    let (output, taps) = try await stream.run(inspected, tapping: golden.input)
    var worst = DeviationReport(
      "\(name) 224×224 oneDNN, every stage, max|Δ|/max|reference|", against: golden.reference, tolerance: 1e-5)
    var relativeL2 = DeviationReport(
      "\(name) 224×224 oneDNN, every stage, relative L2", against: golden.reference, tolerance: 1e-5)
    for stage in golden.stages {
      let value = try #require(taps[stage])
      let deviation = try #require(golden.deviation(of: value, stage: stage))
      worst.include(deviation.relativeToLargest)
      relativeL2.include(deviation.relativeL2)
      #expect(deviation.relativeToLargest < 1e-5, "\(stage)")
      #expect(deviation.relativeL2 < 1e-5, "\(stage)")
    }
    worst.publish()
    relativeL2.publish()
    #expect((golden.probabilities != nil) == (name != "vgg16"))
    // The network as it runs in production, fused further and reusing memory, gives the same.
    let compiled = try await stream.compile(prepared, batch: 1)
    let plain = try await stream.run(compiled, golden.input)
    #expect(Deviation(plain, from: output).relativeToLargest < 1e-6)
    #expect(compiled.activationByteCount <= inspected.activationByteCount)
    // To the bit, whenever it runs again.
    #expect(try await stream.run(compiled, golden.input) == plain)
    if let expected = golden.probabilities {
      let actual = ReferenceLayers.softmax(plain)
      #expect(actual.shape == expected.shape)
      let difference = zip(actual.elements, expected.elements).map { abs($0 - $1) }.max() ?? .infinity
      DeviationReport.publish(
        "\(name) 224×224 oneDNN, probabilities, max|Δ|", against: golden.reference, tolerance: 1e-4,
        worst: Double(difference))
      #expect(difference < 1e-4)
    }
  }
}
