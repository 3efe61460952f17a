import Cryptography
import DeviationReporting
import Neural
import NeuralTestSupport
import Tensors
import Testing

/// The network of the layout `grid`: its counts, its names, and the reference backend on it against PyTorch.
@Suite struct GridNetworkTests {
  @Test(arguments: Attention.allCases)
  func `every stage of the grid network agrees with PyTorch`(attention: Attention) throws {
    let golden = try Golden(network: "\(attention.networkName)-grid", size: 7)
    let network = Network.residualGrid(attention: attention)
    let weights = Weights.seeded(for: network, seed: golden.seed, .varied)

    var hash = SHA256Stream()
    for key in weights.keys.sorted() {
      weights[key]?.withUnsafeBufferPointer { hash.update(UnsafeRawBufferPointer($0)) }
    }
    #expect(Hex.encode(hash.finish()) == golden.metadata["weights_sha256"])

    var report = DeviationReport(
      "\(network.name), every stage, reference backend, max|Δ|/max|reference|",
      against: golden.reference, tolerance: 1e-5)
    var relativeL2 = DeviationReport(
      "\(network.name), every stage, reference backend, relative L2", against: golden.reference, tolerance: 1e-5)
    var seen: Set<String> = []
    let input = try golden.input()
    #expect(input.shape == [2, 676, 7, 7])
    let output = try ReferenceBackend<Float>(network, weights: weights).run(input) { stage, value in
      guard let deviation = golden.deviation(of: value, stage: stage) else { return }
      seen.insert(stage)
      report.include(deviation.relativeToLargest)
      relativeL2.include(deviation.relativeL2)
    }
    #expect(output.shape == [2, 6])
    #expect(seen == Set(golden.stages))
    #expect(seen.count == network.nodes.count)
    #expect(report.isWithinTolerance, "\(report.worst)")
    report.publish()
    #expect(relativeL2.isWithinTolerance, "\(relativeL2.worst)")
    relativeL2.publish()
  }

  /// By hand: stem 676·256; two blocks of 256 with 4·256²·9; two of 512 with (256 + 3·512)·512·9 and a shortcut of
  /// 256·512; head 512·6 + 6; two numbers a normalised channel.
  @Test func `counts are those of the design`() throws {
    let network = Network.residualGrid(attention: .none)
    let convolutions = 676 * 256 + 4 * 256 * 256 * 9 + (256 + 3 * 512) * 512 * 9 + 256 * 512
    let norms = 2 * (256 + 4 * 256 + 5 * 512)
    let costs = try network.costs()
    #expect(costs.reduce(0) { $0 + $1.parameters } == convolutions + norms + 512 * 6 + 6)
    #expect(costs.reduce(0) { $0 + $1.parameters } == 10_931_718)
    let positions = 49 * (676 * 256 + 4 * 256 * 256 * 9) + 16 * ((256 + 3 * 512) * 512 * 9 + 256 * 512)
    #expect(costs.reduce(0) { $0 + $1.multiplyAdds } == positions + 512 * 6)
    #expect(costs.reduce(0) { $0 + $1.multiplyAdds } == 258_306_048)
    #expect(try network.outputShape(batch: 3) == [3, 6])
    // The attention's cost does not depend on the extent: two C×C layers, or two C×C/16, a block.
    let base = costs.reduce(0) { $0 + $1.multiplyAdds }
    let squares = 2 * 256 * 256 + 2 * 512 * 512
    let shrinkage = try Network.residualGrid(attention: .shrinkage).costs().reduce(0) { $0 + $1.multiplyAdds }
    #expect(shrinkage == base + 2 * squares)
    let excite = try Network.residualGrid(attention: .squeezeExcite).costs().reduce(0) { $0 + $1.multiplyAdds }
    #expect(excite == base + 2 * squares / 16)
  }

  @Test(arguments: [(Width.full, 676, 256, 512), (.half, 420, 128, 256), (.quarter, 292, 64, 128)])
  func `width scales the trunk and the CNN's share of the input`(
    _ width: Width, input: Int, first: Int, second: Int
  ) throws {
    let network = Network.residualGrid(attention: .shrinkage, width: width)
    #expect(network.inputShape == [input, 7, 7])
    let shapes = try network.shapes(batch: 1)
    func shape(_ node: String) throws -> Shape { shapes[try #require(network.index(ofNode: node))] }
    #expect(try shape("relu") == [1, first, 7, 7])
    #expect(try shape("layer1.1.relu2") == [1, first, 7, 7])
    #expect(try shape("layer2.0.relu2") == [1, second, 4, 4])
    #expect(try shape("layer2.1.relu2") == [1, second, 4, 4])
    #expect(try shape("avgpool") == [1, second])
    #expect(try shape("fc") == [1, 6])
  }

  @Test func `parameters bear torchvision's names`() {
    let names = Set(Network.residualGrid(attention: .shrinkage).parameters.map(\.name))
    for name in [
      "conv1.weight", "bn1.running_var", "layer1.0.conv1.weight", "layer1.0.shrink.fc1.weight",
      "layer2.0.downsample.0.weight", "layer2.0.downsample.1.bias", "layer2.1.shrink.bn.running_mean",
      "layer2.1.shrink.fc2.bias", "fc.weight", "fc.bias",
    ] { #expect(names.contains(name), "\(name)") }
    #expect(!names.contains { $0.hasPrefix("layer1.0.downsample") || $0.hasPrefix("layer3") })
    let excite = Network.residualGrid(attention: .squeezeExcite).parameters
    #expect(excite.contains { $0.name == "layer2.1.se.fc2.weight" && $0.shape == [512, 32] })
  }

  /// Attention stands after the second norm of each block and before the addition.
  @Test(arguments: [(Attention.squeezeExcite, "se"), (.shrinkage, "shrink")])
  func `attention stands before the addition`(_ attention: Attention, name: String) throws {
    let network = Network.residualGrid(attention: attention)
    for block in ["layer1.0", "layer1.1", "layer2.0", "layer2.1"] {
      let norm = try #require(network.index(ofNode: "\(block).bn2"))
      let module = try #require(network.index(ofNode: "\(block).\(name)"))
      let sum = try #require(network.index(ofNode: "\(block).add"))
      #expect(network.nodes[module].inputs == [.node(norm)])
      #expect(network.nodes[sum].inputs.first == .node(module))
    }
  }
}
