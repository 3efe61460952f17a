internal import COneDNN
internal import Neural
internal import Tensors

/// A convolution carried out at once, from and to row-major tensors; for measuring, where layers run one by one.
enum EagerConvolution {
  /// `input` `[N, I, H, W]`, `weight` `[O, I, K, K]`, `bias` `[O]` or none → `[N, O, H', W']`.
  static func run(
    _ input: Tensor<Float>, weight: Tensor<Float>, bias: Tensor<Float>?, _ convolution: Convolution, on engine: Engine
  ) throws -> Tensor<Float> {
    let output = try Layer.convolution(convolution).outputShape(of: [input.shape], node: "convolution")
    let passes = ConvolutionPasses(
      convolution: convolution, input: input.shape, output: output, hasBias: true, name: "convolution")
    let descriptor = try passes.forward(on: engine)
    let bias = bias ?? Tensor(repeating: 0, [convolution.output])
    var arguments: [(index: Int32, memory: MemoryBox)] = []
    var buffers: [AlignedBuffer] = []
    func argument(_ index: Int32, _ layout: MemoryDescriptor, holding tensor: Tensor<Float>? = nil) throws {
      let buffer = AlignedBuffer(byteCount: layout.byteCount)
      buffers.append(buffer)
      if let tensor { try Reorder.run(tensor, to: layout, at: buffer.base, on: engine) }
      arguments.append((index, MemoryBox(try .over(buffer.base, layout, on: engine))))
    }
    let target = try descriptor.required(dnnl_query_dst_md)
    try argument(DNNL_ARG_SRC_0, descriptor.required(dnnl_query_src_md), holding: input)
    try argument(DNNL_ARG_WEIGHTS_0, descriptor.required(dnnl_query_weights_md), holding: weight)
    try argument(DNNL_ARG_BIAS, .plain([convolution.output]), holding: bias)
    try argument(DNNL_ARG_DST_0, target)
    let result = buffers[3]
    if let scratch = try descriptor.layout(dnnl_query_scratchpad_md) {
      try argument(DNNL_ARG_SCRATCHPAD, scratch)
    }
    let step = PrimitiveStep(PrimitiveBox(try .create(descriptor)), arguments, shared: buffers)
    try step.execute(on: engine)
    try engine.wait()
    return try Tensor(uninitialized: output) { values in
      guard let base = values.baseAddress else { return }
      try Reorder.run(result.base, target, to: UnsafeMutableRawPointer(base), .plain(output), on: engine)
    }
  }
}
