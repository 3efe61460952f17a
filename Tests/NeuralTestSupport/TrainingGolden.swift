package import Neural
package import Tensors

/// One training step of a whole network as PyTorch computed it: the loss, the gradient of every parameter and of the
/// input, and the running statistics after it.
package struct TrainingGolden: Sendable {
  /// The files there are, `<network>-<mode>`.
  package static let names = [
    "resnet18-training", "resnet18-se-training", "drsn18-training", "drsn18-evaluation",
  ]

  package let network: Network
  package let seed: UInt64
  package let labels: [Int]
  package let loss: Loss
  package let scope: TrainingScope
  package let file: GoldenFile

  /// Reads `training-<name>.safetensors`.
  package init(_ name: String) throws {
    file = try GoldenFile("training-\(name)")
    let metadata = file.metadata
    let networks: [String: Network] = [
      "resnet18": .resnet18(width: .quarter), "resnet18-se": .resnet18SE(width: .quarter),
      "drsn18": .drsn18(width: .quarter),
    ]
    let weight = Double(metadata["loss_weight"] ?? "") ?? 0
    let losses: [String: Loss] = [
      "crossEntropy": .crossEntropy, "centers": .centers, "both": .crossEntropyAndCenters(weight: weight),
    ]
    guard let network = networks[metadata["network"] ?? ""], let loss = losses[metadata["loss"] ?? ""],
      let size = Int(metadata["size"] ?? ""), let seed = UInt64(metadata["seed"] ?? ""), metadata["divisor"] == "4"
    else { throw GoldenError.malformed(name) }
    self.network = network.resized(height: size, width: size)
    self.seed = seed
    self.loss = loss
    labels = (metadata["labels"] ?? "").split(separator: " ").compactMap { Int($0) }
    var scope = TrainingScope.all(of: network, includesInput: true)
    if metadata["mode"] != "training" { scope.batchNorms = [] }
    self.scope = scope
  }

  /// The worst difference to accept from a backend that computes in Float, over each tensor's scale: 1e-5, or twice
  /// what PyTorch's own float32 is off by where that is more. Batch norms over few numbers (16 a channel in the last
  /// stage, 4 in the shrinkage blocks) divide by deviations that hardly determine them, and the rounding of some sixty
  /// layers comes back through them magnified.
  package var floatTolerance: Double { max(1e-5, 2 * (Double(file.metadata["float32_deviation"] ?? "") ?? 0)) }

  package var weights: Weights { .seeded(for: network, seed: seed, .varied) }

  package var centers: Tensor<Float> { CenterLoss.seeded(classes: 6, seed: seed) }

  /// `[N, 3, H, W]`; an error where it is not what PyTorch was given, to the bit.
  package func input() throws -> Tensor<Float> {
    guard let seed = UInt64(file.metadata["input_seed"] ?? "") else { throw GoldenError.malformed("input_seed") }
    let shape = Shape([labels.count] + network.inputShape.dimensions)
    let input = HashNormal(seed: seed, stream: "input").tensor(shape, deviation: 1)
    try input.verify(sha256: file.metadata["input_sha256"])
    return input
  }

  /// Runs the step on `backend`, made for `network`, and returns the deviations by what they are of: `logits`, `value`
  /// (the loss), `dcenters`, `dx`, `d.<parameter>`, `r.<running statistic>`.
  package func judge<Backend: TrainingBackend>(_ backend: Backend) async throws -> [String: Deviation] {
    let weights = weights.mapValues { $0.converted(to: Backend.Scalar.self) }
    let pass = try await backend.forward(try input().converted(), weights: weights, scope: scope)
    let loss = try loss.evaluate(logits: pass.output, labels: labels, centers: centers.converted())
    let gradients = try await backend.backward(loss.logits, through: pass)

    var deviations = ["logits": try file.deviation(of: pass.output, from: "logits")]
    deviations["value"] = try file.deviation(of: Tensor([1], [loss.value]), from: "value")
    if let centers = loss.centers { deviations["dcenters"] = try file.deviation(of: centers, from: "dcenters") }
    guard let dx = gradients.input, Set(gradients.parameters.keys) == scope.parameters,
      Set(pass.runningStatistics.keys) == Set(scope.batchNorms.flatMap { ["\($0).running_mean", "\($0).running_var"] })
    else { throw GoldenError.missing("what the scope asks for") }
    deviations["dx"] = try file.deviation(of: dx, fromPositionsOf: "dx", seed: seed)
    for (key, value) in gradients.parameters {
      deviations["d.\(key)"] = try file.deviation(of: value, fromPositionsOf: "d.\(key)", seed: seed)
    }
    for (key, value) in pass.runningStatistics {
      deviations["r.\(key)"] = try file.deviation(of: value, fromPositionsOf: "r.\(key)", seed: seed)
    }
    return deviations
  }
}
