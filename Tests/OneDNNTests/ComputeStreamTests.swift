import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

@Suite struct ComputeStreamTests {
  static let network = Network.drsn18(width: .quarter).resized(height: 32, width: 32)
  static let input = HashNormal(seed: 2, stream: "input").tensor([2, 3, 32, 32], deviation: 1)

  @Test func `streams side by side share packed weights and agree`() async throws {
    let prepared = try PreparedNetwork(Self.network, weights: .seeded(for: Self.network, seed: 1, .varied))
    let streams = [ComputeStream(name: "a"), ComputeStream(name: "b")]
    let first = try await streams[0].compile(prepared, batch: 2)
    let packed = prepared.packedByteCount
    let second = try await streams[1].compile(prepared, batch: 2)
    #expect(packed > 0 && prepared.packedByteCount == packed)
    async let one = streams[0].run(first, Self.input)
    async let other = streams[1].run(second, Self.input)
    let (a, b) = try await (one, other)
    #expect(a == b)
  }

  @Test func `samples of a batch do not influence each other`() async throws {
    let prepared = try PreparedNetwork(Self.network, weights: .seeded(for: Self.network, seed: 1, .varied))
    let stream = ComputeStream(name: "batch")
    let pair = try await stream.compile(prepared, batch: 2)
    let single = try await stream.compile(prepared, batch: 1)
    let together = try await stream.run(pair, Self.input)
    for sample in 0..<2 {
      let part = Self.input.elements[sample * 3072..<(sample + 1) * 3072]
      let alone = try await stream.run(single, Tensor([1, 3, 32, 32], part))
      let row = Tensor<Float>([1, 6], together.elements[sample * 6..<(sample + 1) * 6])
      #expect(Deviation(alone, from: row).relativeToLargest < 1e-6)
    }
  }

  @Test(arguments: [1, 2])
  func `a stream's primitives use the threads it was given`(threads: Int) async throws {
    let prepared = try PreparedNetwork(Self.network, weights: .seeded(for: Self.network, seed: 1, .varied))
    let stream = ComputeStream(name: "threads", threads: threads)
    let compiled = try await stream.compile(prepared, batch: 2)
    _ = try await stream.run(compiled, Self.input)
    #expect(await stream.openMPThreads() == threads)
  }

  @Test func `misuse is refused with an error`() async throws {
    let prepared = try PreparedNetwork(Self.network, weights: .seeded(for: Self.network, seed: 1, .varied))
    let stream = ComputeStream(name: "misuse")
    let other = ComputeStream(name: "other")
    let compiled = try await stream.compile(prepared, batch: 2)
    await #expect(throws: OneDNNError.self) { try await other.run(compiled, Self.input) }
    await #expect(throws: OneDNNError.self) { try await stream.run(compiled, Tensor(repeating: 0, [1, 3, 32, 32])) }
    await #expect(throws: OneDNNError.self) { try await stream.compile(prepared, batch: 0) }
    await #expect(throws: OneDNNError.self) { try await stream.compile(prepared, batch: 1, taps: ["nowhere"]) }
    await stream.remove(compiled)
    await #expect(throws: OneDNNError.self) { try await stream.run(compiled, Self.input) }
  }

  @Test func `batch statistics measured through oneDNN are the reference's`() async throws {
    // Enough samples and positions that no statistic rests on two numbers, whose norm would magnify rounding.
    let network = Self.network.resized(height: 64, width: 64)
    let input = HashNormal(seed: 2, stream: "input").tensor([8, 3, 64, 64], deviation: 1)
    let weights = Weights.seeded(for: network, seed: 6, .varied)
    let expected = try ReferenceBackend<Float>(network, weights: weights).measureBatchNorm(input)
    let stream = ComputeStream(name: "measure")
    let measured = try await stream.measureBatchNorm(network, weights: weights, input: input)
    #expect(measured.statistics.keys.sorted() == expected.statistics.keys.sorted())
    for (name, statistics) in expected.statistics {
      let actual = try #require(measured.statistics[name])
      #expect(Deviation(actual.mean, from: statistics.mean).relativeToLargest < 1e-3, "\(name)")
      #expect(Deviation(actual.variance, from: statistics.variance).relativeToLargest < 1e-3, "\(name)")
      #expect(actual.count == statistics.count)
    }
    #expect(Deviation(measured.output, from: expected.output).relativeToLargest < 1e-3)
    // A compiled network with these statistics gives the measured output for the same batch.
    let applied = try PreparedNetwork(network, weights: measured.applied(to: weights))
    let output = try await stream.run(stream.compile(applied, batch: 8), input)
    #expect(Deviation(output, from: measured.output).relativeToLargest < 1e-3)
  }

  @Test func `a lone shrinkage block on row-major input agrees with the reference, zero channels included`()
    async throws
  {
    var network = Network(name: "lone", inputShape: [3, 5, 7])
    _ = network.append("shrink", .shrinkage(channels: 3), .input)
    let weights = Weights.seeded(for: network, seed: 8, .varied)
    var input = HashNormal(seed: 3, stream: "input").tensor([2, 3, 5, 7], deviation: 1)
    for position in 35..<70 { input[position] = 0 }
    let expected = try ReferenceBackend<Float>(network, weights: weights).run(input)
    let stream = ComputeStream(name: "lone")
    let compiled = try await stream.compile(PreparedNetwork(network, weights: weights), batch: 2)
    let actual = try await stream.run(compiled, input)
    #expect(Deviation(actual, from: expected).relativeToLargest < 1e-6)
    #expect(expected.elements.contains { $0 < 0 } && actual.elements[35..<70].allSatisfy { $0 == 0 })
  }

  @Test func `layers without a fast path are carried out all the same`() async throws {
    var network = Network(name: "plain", inputShape: [4, 6, 6])
    var value = network.append("bn", .batchNorm(channels: 4), .input)
    let rectified = network.append("relu", .relu, value)
    value = network.append("add", .add, rectified, value)
    value = network.append("pool", .globalAveragePool, value)
    _ = network.append("softmax", .softmax, value)
    let weights = Weights.seeded(for: network, seed: 8, .varied)
    let input = HashNormal(seed: 3, stream: "input").tensor([2, 4, 6, 6], deviation: 1)
    let expected = try ReferenceBackend<Float>(network, weights: weights).run(input)
    let stream = ComputeStream(name: "plain")
    let compiled = try await stream.compile(PreparedNetwork(network, weights: weights), batch: 2)
    let actual = try await stream.run(compiled, input)
    #expect(Deviation(actual, from: expected).relativeToLargest < 1e-6)
    #expect(abs(actual.elements.prefix(4).reduce(0, +) - 1) < 1e-6)
  }
}
