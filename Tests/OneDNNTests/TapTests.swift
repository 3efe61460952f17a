import Foundation
import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

/// What a run returns beside its output.
@Suite struct TapTests {
  static let input = HashNormal(seed: 4, stream: "input").tensor([2, 3, 32, 32], deviation: 1)

  @Test func `tapped thresholds are those of the equation`() async throws {
    let network = Network.drsn18(width: .quarter).resized(height: 32, width: 32)
    let weights = Weights.seeded(for: network, seed: 1, .varied)
    let stream = ComputeStream(name: "taps")
    let node = "layer2.0.shrink"
    let plain = try await stream.compile(PreparedNetwork(network, weights: weights), batch: 2)
    let tapped = try await stream.compile(
      PreparedNetwork(network, weights: weights), batch: 2, taps: ["layer2.0.bn2", "\(node).threshold"])
    let (output, taps) = try await stream.run(tapped, tapping: Self.input)
    #expect(try await stream.run(plain, Self.input) == output)

    // τ = a·sigmoid(fc2(relu(bn(fc1(a))))), written out in Double.
    let x = try #require(taps["layer2.0.bn2"])
    let thresholds = try #require(taps["\(node).threshold"])
    #expect(thresholds.shape == [2, 32])
    func values(_ name: String) throws -> [Double] {
      try #require(weights["\(node).\(name)"]).elements.map(Double.init)
    }
    func linear(_ layer: String, _ row: [Double]) throws -> [Double] {
      let (weight, bias) = (try values("\(layer).weight"), try values("\(layer).bias"))
      return bias.indices.map { output in
        row.indices.reduce(bias[output]) { $0 + weight[output * row.count + $1] * row[$1] }
      }
    }
    let (scale, shift) = (try values("bn.weight"), try values("bn.bias"))
    let (mean, variance) = (try values("bn.running_mean"), try values("bn.running_var"))
    let positions = x.shape[2] * x.shape[3]
    for sample in 0..<2 {
      let average = (0..<32).map { channel in
        let first = (sample * 32 + channel) * positions
        return x.elements[first..<first + positions].reduce(0) { $0 + abs(Double($1)) } / Double(positions)
      }
      let hidden = try linear("fc1", average).enumerated().map { channel, value in
        max(0, scale[channel] * (value - mean[channel]) / (variance[channel] + 1e-5).squareRoot() + shift[channel])
      }
      for (channel, logit) in try linear("fc2", hidden).enumerated() {
        let expected = average[channel] / (1 + exp(-logit))
        #expect(abs(Double(thresholds[sample * 32 + channel]) - expected) <= 1e-5 * expected)
      }
    }
  }

  @Test func `tapped gates lie between 0 and 1 and scale the channels`() async throws {
    let network = Network.resnet18SE(width: .quarter).resized(height: 32, width: 32)
    let weights = Weights.seeded(for: network, seed: 1, .varied)
    let stream = ComputeStream(name: "taps")
    let tapped = try await stream.compile(
      PreparedNetwork(network, weights: weights), batch: 2,
      taps: ["layer1.1.bn2", "layer1.1.se", "layer1.1.se.gate"])
    let (_, taps) = try await stream.run(tapped, tapping: Self.input)
    let (x, y) = (try #require(taps["layer1.1.bn2"]), try #require(taps["layer1.1.se"]))
    let gates = try #require(taps["layer1.1.se.gate"])
    #expect(gates.shape == [2, 16] && gates.elements.allSatisfy { $0 > 0 && $0 < 1 })
    for position in 0..<x.count { #expect(abs(x[position] * gates[position / 64] - y[position]) < 1e-5) }
  }

  @Test(arguments: ["layer1.0.bn2.threshold", "layer1.0.shrink.gate", "layer1.0.shrink.", ".threshold", ""])
  func `a tap that names nothing is refused`(name: String) async throws {
    let network = Network.drsn18(width: .quarter).resized(height: 32, width: 32)
    let prepared = try PreparedNetwork(network, weights: .seeded(for: network, seed: 1))
    let stream = ComputeStream(name: "taps")
    await #expect(throws: OneDNNError.self) { try await stream.compile(prepared, batch: 1, taps: [name]) }
  }
}
