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

  @Test(arguments: ["vgg16", "resnet18", "resnet18-se", "drsn18"])
  func `every stage of the compiled network agrees with PyTorch at 224×224`(name: String) async throws {
    let golden = try Golden(network: name, size: 224)
    let network = try #require(Self.networks[name])
    let prepared = try PreparedNetwork(network, weights: .seeded(for: network, seed: golden.seed, .varied))
    let stream = InferenceStream(name: "golden")
    let inspected = try await stream.compile(prepared, batch: 1, taps: golden.stages)
    let (output, taps) = try await stream.run(inspected, tapping: golden.input)
    for stage in golden.stages {
      let value = try #require(taps[stage])
      let deviation = try #require(golden.deviation(of: value, stage: stage))
      #expect(deviation.relativeToLargest < 1e-5, "\(stage)")
    }
    // The network as it runs in production, fused further and reusing memory, gives the same.
    let compiled = try await stream.compile(prepared, batch: 1)
    let plain = try await stream.run(compiled, golden.input)
    #expect(Deviation(plain, from: output).relativeToLargest < 1e-6)
    #expect(compiled.activationByteCount <= inspected.activationByteCount)
  }
}
