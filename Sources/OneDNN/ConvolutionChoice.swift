internal import COneDNN
internal import Neural
internal import Tensors

/// oneDNN's implementation of a convolution with bias, layouts left to it.
enum ConvolutionChoice {
  /// Always the direct algorithm: Winograd rounds differently, and what changes an answer belongs to the bundle, not to
  /// the machine.
  static func descriptor(
    _ convolution: Convolution, input: Shape, output: Shape, attributes: consuming Attributes, on engine: Engine,
    name: String
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    let kernel = convolution.kernel
    var operation = dnnl_convolution_desc_t()
    var source = try MemoryDescriptor.any(input).raw
    var weights = try MemoryDescriptor.any([convolution.output, convolution.input, kernel, kernel]).raw
    var bias = try MemoryDescriptor.plain([convolution.output]).raw
    var target = try MemoryDescriptor.any(output).raw
    let window = SlidingWindow(convolution.window, input: input, output: output)
    try check(
      dnnl_convolution_forward_desc_init(
        &operation, dnnl_forward_inference, dnnl_convolution_direct, &source, &weights, &bias, &target, window.strides,
        window.before, window.after),
      "describing convolution \(name)")
    return try .choose(&operation, attributes, on: engine, for: "convolution \(name)")
  }
}

/// oneDNN's implementation of max pooling in the layout its input has.
enum PoolingChoice {
  static func descriptor(
    _ window: Window, source: MemoryDescriptor, input: Shape, output: Shape, on engine: Engine
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    var operation = dnnl_pooling_desc_t()
    var source = source.raw
    var target = try MemoryDescriptor.any(output).raw
    let sliding = SlidingWindow(window, input: input, output: output)
    try check(
      dnnl_pooling_forward_desc_init(
        &operation, dnnl_forward_inference, dnnl_pooling_max, &source, &target, sliding.strides, sliding.kernel,
        sliding.before, sliding.after),
      "describing a max pool")
    return try .choose(&operation, .make(), on: engine, for: "a max pool")
  }
}

/// A square window's geometry as oneDNN's arrays for y and x.
struct SlidingWindow {
  let strides: [Int64]
  let kernel: [Int64]
  let before: [Int64]
  /// Below and to the right: only what the last window reaches, which may be less than `before`.
  let after: [Int64]

  init(_ window: Window, input: Shape, output: Shape) {
    strides = [Int64(window.stride), Int64(window.stride)]
    kernel = [Int64(window.kernel), Int64(window.kernel)]
    before = [Int64(window.padding), Int64(window.padding)]
    after = [2, 3].map { axis in
      Int64(max(0, (output[axis] - 1) * window.stride + window.kernel - input[axis] - window.padding))
    }
  }
}
