import Foundation
import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

/// The shrinkage kernel pinned to its equation (paper section 5.2), and both attention kernels where their eight lanes
/// do not come out even.
@Suite struct ShrinkageTests {
  /// A lone block, on row-major input, or behind a 1×1 identity convolution that gives it oneDNN's blocked layout.
  static func network(_ layer: Layer, channels: Int, isBlocked: Bool, height: Int, width: Int) -> Network {
    var network = Network(name: "lone", inputShape: [channels, height, width])
    var value = Network.Value.input
    if isBlocked {
      value = network.append(
        "identity", .convolution(Convolution(channels, channels, kernel: 1, hasBias: false)), value)
    }
    _ = network.append("block", layer, value)
    return network
  }

  /// A block whose ratio α is sigmoid(`bias`) whatever the input, behind an identity.
  static func weights(channels: Int, bias: [Float]) -> Weights {
    let zero = Tensor<Float>(repeating: 0, [channels])
    var identity = Tensor<Float>(repeating: 0, [channels, channels, 1, 1])
    for channel in 0..<channels { identity[channel * channels + channel] = 1 }
    return [
      "identity.weight": identity,
      "block.fc1.weight": Tensor(repeating: 0, [channels, channels]), "block.fc1.bias": zero,
      "block.bn.weight": Tensor(repeating: 1, [channels]), "block.bn.bias": zero, "block.bn.running_mean": zero,
      "block.bn.running_var": Tensor(repeating: 1, [channels]),
      "block.fc2.weight": Tensor(repeating: 0, [channels, channels]), "block.fc2.bias": Tensor([channels], bias),
    ]
  }

  static func run(
    _ input: Tensor<Float>, bias: [Float], isBlocked: Bool, threads: Int = 1
  ) async throws -> (output: Tensor<Float>, thresholds: Tensor<Float>) {
    let channels = input.shape[1]
    let network = network(
      .shrinkage(channels: channels), channels: channels, isBlocked: isBlocked, height: input.shape[2],
      width: input.shape[3])
    var weights = weights(channels: channels, bias: bias)
    if !isBlocked { weights["identity.weight"] = nil }
    let stream = ComputeStream(name: "shrinkage", threads: threads)
    let compiled = try await stream.compile(
      PreparedNetwork(network, weights: weights), batch: input.shape[0], taps: ["block.threshold"])
    let (output, taps) = try await stream.run(compiled, tapping: input)
    return (output, try #require(taps["block.threshold"]))
  }

  @Test(arguments: [false, true])
  func `every element is sign(x)·max(|x| − α·mean|x|, 0), negative ones, zero channels and both ends of α included`(
    isBlocked: Bool
  ) async throws {
    // α: about 0, small, half, nearly 1, exactly 1 and exactly 0 among them.
    let bias: [Float] = [-30, -2, 0, 3, 40, -200, 0, 0]
    var input = HashNormal(seed: 6, stream: "shrinkage").tensor([3, 8, 9, 7], deviation: 2)
    for position in 0..<63 {
      input[6 * 63 + position] = 0
      // All of one magnitude: with α = 1 the threshold is that magnitude.
      input[(8 + 4) * 63 + position] = position.isMultiple(of: 3) ? -0.5 : 0.5
    }
    let (output, thresholds) = try await Self.run(input, bias: bias, isBlocked: isBlocked)
    for plane in 0..<24 {
      let alpha = 1 / (1 + exp(-Double(bias[plane % 8])))
      let range = plane * 63..<(plane + 1) * 63
      let threshold = alpha * range.reduce(0) { $0 + abs(Double(input[$1])) } / 63
      #expect(abs(Double(thresholds[plane]) - threshold) <= 1e-6 * threshold + 1e-37)
      for index in range {
        let x = Double(input[index])
        let expected = (x < 0 ? -1 : 1) * max(abs(x) - threshold, 0)
        #expect(abs(Double(output[index]) - expected) < 1e-6 * max(1, abs(x)))
        // What the threshold swallows is 0 exactly, and no sign ever turns.
        if abs(input[index]) <= thresholds[plane] { #expect(output[index] == 0) }
        #expect(output[index] * input[index] >= 0)
      }
    }
    let swallowed = (0..<output.count).filter { output[$0] == 0 }.count
    #expect(swallowed > 200 && swallowed < output.count / 2)
    #expect(output.elements[(8 + 4) * 63..<(8 + 5) * 63].allSatisfy { $0 == 0 })
  }

  @Test(arguments: [false, true])
  func `thresholds that vanish change no bit, down to the smallest numbers`(isBlocked: Bool) async throws {
    var input = HashNormal(seed: 6, stream: "vanish").tensor([1, 8, 3, 3], deviation: 1)
    for (position, value) in [1e-30, -1e-30, 1e30, -1e30, .leastNormalMagnitude, 0].enumerated() {
      input[position] = Float(value)
    }
    let (output, thresholds) = try await Self.run(input, bias: Array(repeating: -200, count: 8), isBlocked: isBlocked)
    #expect(thresholds.elements.allSatisfy { $0 == 0 })
    #expect(output == input)
  }

  @Test(arguments: [false, true], [1, 2])
  func `NaN makes its sample NaN and infinity itself, and neither touches the other samples`(
    isBlocked: Bool, threads: Int
  ) async throws {
    // Row-major input only at first: a convolution would spread what is not a number by its own sums.
    let clean = HashNormal(seed: 6, stream: "bad").tensor([3, 8, 5, 5], deviation: 1)
    let bias = Array(repeating: Float(0), count: 8)
    let expected = try await Self.run(clean, bias: bias, isBlocked: isBlocked, threads: threads).output
    var input = clean
    input[200 + 7] = .nan
    let poisoned = try await Self.run(input, bias: bias, isBlocked: isBlocked, threads: threads).output
    // fc1 sums over all channels, and 0·NaN is NaN: no channel's threshold is known.
    #expect(poisoned.elements[200..<400].allSatisfy { $0.isNaN })
    #expect(Array(poisoned.elements[..<200]) == Array(expected.elements[..<200]))
    #expect(Array(poisoned.elements[400...]) == Array(expected.elements[400...]))
    for value in [Float.infinity, -.infinity] {
      input = clean
      input[207] = value
      let infinite = try await Self.run(input, bias: bias, isBlocked: isBlocked, threads: threads).output
      #expect(infinite[207].isNaN)
      #expect(Array(infinite.elements[..<200]) == Array(expected.elements[..<200]))
      #expect(Array(infinite.elements[400...]) == Array(expected.elements[400...]))
    }
  }

  enum Attention: String, CaseIterable { case shrinkage, squeezeExcite }

  @Test(arguments: Attention.allCases, [1, 3, 7, 8, 12, 13, 16, 20, 24, 40])
  func `any number of channels agrees with the reference, in any layout, with and without an addition`(
    attention: Attention, channels: Int
  ) async throws {
    let layer: Layer =
      attention == .shrinkage
      ? .shrinkage(channels: channels) : .squeezeExcite(channels: channels, hidden: max(1, channels / 4))
    let stream = ComputeStream(name: "channels")
    for (isBlocked, isFollowed) in [(false, false), (false, true), (true, false), (true, true)] {
      for (height, width) in [(1, 1), (5, 7), (9, 15)] {
        var network = Self.network(layer, channels: channels, isBlocked: isBlocked, height: height, width: width)
        if isFollowed {
          let block = Network.Value.node(network.nodes.count - 1)
          _ = network.append("relu", .relu, network.append("add", .add, block, .input))
        }
        let weights = Weights.seeded(for: network, seed: 8, .varied)
        let input = HashNormal(seed: 3, stream: "channels").tensor([3, channels, height, width], deviation: 1)
        let expected = try ReferenceBackend<Float>(network, weights: weights).run(input)
        let compiled = try await stream.compile(PreparedNetwork(network, weights: weights), batch: 3)
        let actual = try await stream.run(compiled, input)
        #expect(Deviation(actual, from: expected).relativeToLargest < 2e-6, "\(isBlocked) \(isFollowed) \(height)")
        await stream.remove(compiled)
      }
    }
  }
}
