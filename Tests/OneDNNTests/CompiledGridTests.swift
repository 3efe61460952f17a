import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

/// The compiled network of the layout `grid` against PyTorch, at every node.
@Suite struct CompiledGridTests {
  @Test(arguments: Attention.allCases)
  func `every stage of the compiled grid network agrees with PyTorch`(attention: Attention) async throws {
    let golden = try Golden(network: "\(attention.networkName)-grid", size: 7)
    let input = try golden.input()
    let network = Network.residualGrid(attention: attention)
    let prepared = try PreparedNetwork(network, weights: .seeded(for: network, seed: golden.seed, .varied))
    let stream = ComputeStream(name: "golden")
    #expect(Set(golden.stages) == Set(network.nodes.map(\.name)))
    #expect(golden.decisions.count == (attention == .none ? 0 : 4))

    // The network as it runs in production, fused further and reusing memory.
    let compiled = try await stream.compile(prepared, batch: 2)
    let plain = try await stream.run(compiled, input)
    var judged: Set<String> = []
    for tapping in Tapping.all(of: network) {
      let judge = GoldenJudge(golden, title: "\(network.name) oneDNN, \(tapping.rawValue)")
      let inspected = try await stream.compile(prepared, batch: 2, taps: tapping.taps(of: network, golden))
      let (output, taps) = try await stream.run(inspected, tapping: input)
      judged.formUnion(try judge.judge(taps))
      #expect(Deviation(plain, from: output).relativeToLargest < (tapping == .fused ? 1e-6 : 1e-5))
      await stream.remove(inspected)
    }
    #expect(judged == Set(golden.stages + golden.decisions))
  }
}
