import DeviationReporting
import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

/// The compiled networks at full size against PyTorch: every node of them, in the kernels that fusion leaves and in
/// those it does away with.
@Suite struct CompiledGoldenTests {
  static let networks: [String: Network] = [
    "vgg16": .vgg16Features(), "resnet18": .resnet18(), "resnet18-se": .resnet18SE(), "drsn18": .drsn18(),
  ]

  @Test(arguments: ["vgg16", "resnet18", "resnet18-se", "drsn18"], [1, 2])
  func `every stage of the compiled network agrees with PyTorch at 224×224`(
    name: String, threads: Int
  ) async throws {
    let golden = try Golden(network: name, size: 224)
    let input = try golden.input()
    let network = try #require(Self.networks[name])
    let prepared = try PreparedNetwork(network, weights: .seeded(for: network, seed: golden.seed, .varied))
    let stream = ComputeStream(name: "golden", threads: threads)
    // Every node has its golden, and every attention what it decided.
    #expect(Set(golden.stages) == Set(network.nodes.map(\.name)))
    #expect(golden.decisions.count == (Self.hasAttention(name) ? 8 : 0))

    // The network as it runs in production, fused further and reusing memory.
    let compiled = try await stream.compile(prepared, batch: 1)
    let plain = try await stream.run(compiled, input)
    var judged: Set<String> = []
    for tapping in Tapping.all(of: network) {
      let judge = GoldenJudge(golden, title: "\(name) 224×224 oneDNN, \(tapping.rawValue)")
      let inspected = try await stream.compile(prepared, batch: 1, taps: tapping.taps(of: network, golden))
      let (output, taps) = try await stream.run(inspected, tapping: input)
      judged.formUnion(try judge.judge(taps))
      #expect(Deviation(plain, from: output).relativeToLargest < (tapping == .fused ? 1e-6 : 1e-5))
      #expect(compiled.activationByteCount <= inspected.activationByteCount)
      await stream.remove(inspected)
    }
    #expect(judged == Set(golden.stages + golden.decisions))
    // To the bit, whenever it runs again.
    #expect(try await stream.run(compiled, input) == plain)
    #expect((golden.probabilities != nil) == (name != "vgg16"))
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

  private static func hasAttention(_ name: String) -> Bool { name == "resnet18-se" || name == "drsn18" }
}
