internal import Neural
internal import Tensors

/// A convolution carried out at once, from and to row-major tensors; for measuring, where layers run one by one.
enum EagerConvolution {
  /// `input` `[N, I, H, W]`, `weight` `[O, I, K, K]`, `bias` `[O]` or none → `[N, O, H', W']`.
  static func run(
    _ input: Tensor<Float>, weight: Tensor<Float>, bias: Tensor<Float>?, _ convolution: Convolution, on engine: Engine
  ) throws -> Tensor<Float> {
    var network = Network(name: "convolution", inputShape: Shape(Array(input.shape.dimensions.dropFirst())))
    _ = network.append("convolution", .convolution(convolution), .input)
    var weights = ["convolution.weight": weight]
    weights["convolution.bias"] = bias
    let prepared = try PreparedNetwork(network, weights: weights)
    return try PlanBuilder.plan(prepared, batch: input.shape[0], taps: [], on: engine).run(input)
  }
}
