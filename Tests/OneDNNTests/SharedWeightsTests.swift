import Neural
import OneDNN
import Tensors
import Testing

/// Several compilations of one prepared network share what they pack, and only what is the same for both.
@Suite struct SharedWeightsTests {
  @Test func aTappedCompilationBesideAFusedOneHasWeightsOfItsOwn() async throws {
    // With taps the batch norms stay apart from their convolutions, without they are folded into them.
    let network = Network.drsn18(width: .quarter).resized(height: 32, width: 32)
    let weights = Weights.seeded(for: network, seed: 5, .varied)
    let input = HashNormal(seed: 5, stream: "input").tensor([1, 3, 32, 32], deviation: 1)
    var expected: [String: Tensor<Float>] = [:]
    let output = try ReferenceBackend<Float>(network, weights: weights).run(input) { expected[$0] = $1 }
    let prepared = try PreparedNetwork(network, weights: weights)
    let stream = ComputeStream(name: "shared")
    let names = network.nodes.map(\.name)
    for order in [[false, true], [true, false]] {
      let prepared = order[0] ? try PreparedNetwork(network, weights: weights) : prepared
      for isTapped in order {
        let compiled = try await stream.compile(prepared, batch: 1, taps: isTapped ? names : [])
        let (result, taps) = try await stream.run(compiled, tapping: input)
        #expect(Self.deviation(result, output) < 1e-4, "tapped: \(isTapped)")
        for name in isTapped ? names : [] {
          let told = try #require(taps[name])
          #expect(Self.deviation(told, try #require(expected[name])) < 1e-4, "\(name)")
        }
      }
    }
  }

  private static func deviation(_ left: Tensor<Float>, _ right: Tensor<Float>) -> Float {
    let (a, b) = (left.elements, right.elements)
    guard a.count == b.count else { return .infinity }
    let largest = b.reduce(0) { max($0, abs($1)) }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / max(largest, .leastNonzeroMagnitude)
  }
}
