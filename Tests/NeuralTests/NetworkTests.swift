import Neural
import Tensors
import Testing

@Suite struct NetworkTests {
  @Test func `shapes and counts are those published`() throws {
    let vgg = Network.vgg16Features()
    #expect(try vgg.outputShape(batch: 2) == [2, 512, 7, 7])
    #expect(try vgg.costs().reduce(0) { $0 + $1.parameters } == 14_714_688)
    #expect(try vgg.costs().reduce(0) { $0 + $1.multiplyAdds } == 15_346_630_656)
    #expect(try Network.vgg16Features(width: .quarter).outputShape(batch: 1) == [1, 128, 7, 7])

    // Torchvision's resnet18 has 11,689,512 with 1000 classes; six classes save 994·513.
    let resnet = Network.resnet18()
    #expect(try resnet.outputShape(batch: 3) == [3, 6])
    #expect(try resnet.costs().reduce(0) { $0 + $1.parameters } == 11_689_512 - 994 * 513)
    #expect(try resnet.costs().reduce(0) { $0 + $1.multiplyAdds } == 1_813_561_344 + 6 * 512)

    // The paper leaves the attention's cost open; these follow from two C×C layers, or C×C/16, a block.
    let base = try resnet.costs().reduce(0) { $0 + $1.multiplyAdds }
    #expect(try Network.drsn18().costs().reduce(0) { $0 + $1.multiplyAdds } - base == 1_392_640)
    #expect(try Network.resnet18SE().costs().reduce(0) { $0 + $1.multiplyAdds } - base == 87_040)
  }

  @Test func `parameters bear torchvision's names`() {
    let names = Set(Network.drsn18().parameters.map(\.name))
    for name in [
      "conv1.weight", "bn1.running_var", "layer1.0.conv1.weight", "layer2.0.downsample.0.weight",
      "layer2.0.downsample.1.bias", "layer4.1.shrink.fc1.weight", "layer4.1.shrink.bn.running_mean",
      "layer4.1.shrink.fc2.bias", "fc.weight", "fc.bias",
    ] { #expect(names.contains(name), "\(name)") }
    #expect(!names.contains("layer1.0.downsample.0.weight"))
    #expect(Network.resnet18SE().parameters.contains { $0.name == "layer3.1.se.fc2.weight" && $0.shape == [256, 16] })
    let vgg = Network.vgg16Features().parameters.map(\.name)
    #expect(vgg.first == "features.0.weight" && vgg.last == "features.28.bias" && vgg.count == 26)
  }

  @Test func `weights that are not the network's are refused by name`() throws {
    let network = Network.drsn18(width: .quarter)
    let good = Weights.seeded(for: network, seed: 1)
    try network.validate(good)
    var weights = good
    weights["fc.bias"] = nil
    #expect(throws: NetworkError.missingParameters(network: "drsn18", names: ["fc.bias"])) {
      try network.validate(weights)
    }
    weights = good
    weights["extra"] = Tensor([1], [0])
    #expect(throws: NetworkError.unexpectedParameters(network: "drsn18", names: ["extra"])) {
      try network.validate(weights)
    }
    weights = good
    weights["conv1.weight"] = Tensor(repeating: 0, [16, 3, 7, 5])
    #expect(
      throws: NetworkError.misshapenParameter(name: "conv1.weight", expected: [16, 3, 7, 7], given: [16, 3, 7, 5])
    ) { try network.validate(weights) }
    weights = good
    weights["bn1.weight"]?[3] = .nan
    #expect(throws: NetworkError.invalidParameter(name: "bn1.weight", reason: "holds NaN or infinity")) {
      try network.validate(weights)
    }
    weights = good
    weights["bn1.running_var"]?[3] = -1
    #expect(throws: NetworkError.invalidParameter(name: "bn1.running_var", reason: "holds a variance below zero")) {
      try network.validate(weights)
    }
  }

  @Test func `inputs that layers cannot take are refused by name`() throws {
    let tiny = Network.vgg16Features().resized(height: 16, width: 31)
    #expect(throws: NetworkError.tooSmall(node: "features.30", input: [1, 512, 1, 1])) { try tiny.shapes(batch: 1) }
    let network = Network.resnet18(width: .quarter)
    let backend = try ReferenceBackend<Float>(network, weights: .seeded(for: network, seed: 1))
    #expect(throws: NetworkError.self) { try backend.run(Tensor(repeating: 0, [1, 4, 32, 32])) }
    #expect(throws: NetworkError.self) { try backend.run(Tensor(repeating: 0, [3, 32, 32])) }
  }

  @Test func `training starts from He's deviation, neutral norms and small thresholds`() throws {
    let network = Network.drsn18(width: .quarter)
    let weights = Weights.seeded(for: network, seed: 3, .training(pretrainedTrunk: true))
    #expect(weights["layer1.0.shrink.fc2.bias"]?.elements.allSatisfy { $0 == -2 } == true)
    #expect(weights["layer1.0.shrink.fc1.bias"]?.elements.allSatisfy { $0 == 0 } == true)
    #expect(weights["bn1.weight"]?.elements.allSatisfy { $0 == 1 } == true)
    let values = try #require(weights["layer4.1.conv2.weight"]).elements.map(Double.init)
    let deviation = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
    #expect(abs(deviation / (2.0 / (128 * 9)).squareRoot() - 1) < 0.01)
    let scratch = Weights.seeded(for: network, seed: 3)
    #expect(scratch["layer1.0.shrink.fc2.bias"]?.elements.allSatisfy { $0 == 0 } == true)
    #expect(scratch["conv1.weight"] == weights["conv1.weight"])
  }
}
