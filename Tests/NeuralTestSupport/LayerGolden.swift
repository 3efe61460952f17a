package import Neural
package import Tensors

/// One layer alone, forward and backward, as PyTorch computed it; the loss is Σ y·dy.
package struct LayerGolden: CustomStringConvertible, Sendable {
  package let name: String

  /// The layer as the node `layer`; behind the node `flat`, a pool over one position, where the layer reads vectors.
  package let network: Network

  /// Every parameter and the input; batch norms by the batch where the case is one of training.
  package let scope: TrainingScope

  private let file: GoldenFile

  package var description: String { name }

  /// Every case of `layers.safetensors`.
  package static func all() throws -> [LayerGolden] {
    let file = try GoldenFile("layers")
    return try (file.metadata["cases"] ?? "").split(separator: "\n").map { line in
      let words = line.split(separator: " ").map(String.init)
      guard words.count >= 3 else { throw GoldenError.malformed(String(line)) }
      return try LayerGolden(
        name: words[0], kind: words[1], numbers: words[2..<words.count - 1].compactMap(Int.init),
        isTraining: words.last == "training", file: file)
    }
  }

  private init(name: String, kind: String, numbers n: [Int], isTraining: Bool, file: GoldenFile) throws {
    let x: Tensor<Float> = try file.input("\(name)/x")
    var network = Network(name: name, inputShape: Shape(Array((x.shape.dimensions + [1, 1])[1..<4])))
    let value = x.shape.rank == 2 ? network.append("flat", .globalAveragePool, .input) : .input
    switch (kind, n.count) {
    case ("convolution", 6):
      let convolution = Convolution(n[0], n[1], kernel: n[2], stride: n[3], padding: n[4], hasBias: n[5] == 1)
      _ = network.append("layer", .convolution(convolution), value)
    case ("batchNorm", 1), ("batchNormOfVectors", 1): _ = network.append("layer", .batchNorm(channels: n[0]), value)
    case ("relu", 0): _ = network.append("layer", .relu, value)
    case ("maxPool", 3):
      _ = network.append("layer", .maxPool(Window(kernel: n[0], stride: n[1], padding: n[2])), value)
    case ("globalAveragePool", 0): _ = network.append("layer", .globalAveragePool, value)
    case ("linear", 2): _ = network.append("layer", .linear(input: n[0], output: n[1]), value)
    case ("add", 0):
      let rectified = network.append("relu", .relu, value)
      _ = network.append("layer", .add, value, rectified)
    case ("addTwice", 0): _ = network.append("layer", .add, value, value)
    case ("shrinkage", 1): _ = network.append("layer", .shrinkage(channels: n[0]), value)
    case ("squeezeExcite", 2): _ = network.append("layer", .squeezeExcite(channels: n[0], hidden: n[1]), value)
    case ("softmax", 0): _ = network.append("layer", .softmax, value)
    default: throw GoldenError.malformed(name)
    }
    self.name = name
    self.network = network
    self.file = file
    var scope = TrainingScope.all(of: network, includesInput: true)
    if !isTraining { scope.batchNorms = [] }
    self.scope = scope
  }

  /// What made the results, for reports.
  package var reference: String { file.reference }

  /// The layer's kind in words, for reports.
  package var kind: String {
    switch network.nodes.last?.layer {
    case .convolution: "convolution"
    case .batchNorm: "batch norm"
    case .relu: "ReLU"
    case .maxPool: "max pool"
    case .globalAveragePool: "global average pool"
    case .linear: "linear"
    case .add: "residual add"
    case .attention(let attention): attention.title
    case .softmax: "softmax"
    case nil: "nothing"
    }
  }

  /// `[N, C, H, W]`.
  package func input<Scalar: ReferenceScalar>() throws -> Tensor<Scalar> {
    let x: Tensor<Scalar> = try file.input("\(name)/x")
    return Tensor(Shape(Array((x.shape.dimensions + [1, 1])[0..<4])), x.elements)
  }

  package func outputGradient<Scalar: ReferenceScalar>() throws -> Tensor<Scalar> { try file.input("\(name)/dy") }

  package func weights<Scalar: ReferenceScalar>() throws -> [String: Tensor<Scalar>] {
    var weights: [String: Tensor<Scalar>] = [:]
    for parameter in network.parameters { weights[parameter.name] = try file.input("\(name)/w.\(parameter.name)") }
    return weights
  }

  /// The deviations of everything the case holds, by what it is: `y`, `dx`, `d.layer.weight`, `r.layer.running_mean`, …
  package func deviations<Scalar: ReferenceScalar>(
    of pass: some TrainingPass<Scalar>, _ gradients: Gradients<Scalar>
  ) throws -> [String: Deviation] {
    var deviations = ["y": try file.deviation(of: pass.output, from: "\(name)/y")]
    guard let input = gradients.input, Set(gradients.parameters.keys) == scope.parameters else {
      throw GoldenError.missing("the gradients that the scope asks for")
    }
    deviations["dx"] = try file.deviation(of: input, from: "\(name)/dx")
    for (key, value) in gradients.parameters {
      deviations["d.\(key)"] = try file.deviation(of: value, from: "\(name)/d.\(key)")
    }
    let running = Set(scope.batchNorms.flatMap { ["\($0).running_mean", "\($0).running_var"] })
    guard Set(pass.runningStatistics.keys) == running else { throw GoldenError.missing("running statistics") }
    for (key, value) in pass.runningStatistics {
      deviations["r.\(key)"] = try file.deviation(of: value, from: "\(name)/r.\(key)")
    }
    return deviations
  }

  /// Runs the case on `backend`, made for `network`, and returns the deviations.
  package func judge<Backend: TrainingBackend>(_ backend: Backend) async throws -> [String: Deviation] {
    let pass = try await backend.forward(try input(), weights: try weights(), scope: scope)
    return try deviations(of: pass, try await backend.backward(try outputGradient(), through: pass))
  }
}
