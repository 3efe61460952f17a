internal import COneDNN
internal import Neural
internal import Tensors

/// oneDNN's implementations of a convolution's three passes, layouts left to it, always by the direct algorithm.
struct ConvolutionPasses {
  let convolution: Convolution
  let input: Shape
  let output: Shape
  let name: String

  private var window: SlidingWindow { SlidingWindow(convolution.window, input: input, output: output) }
  private var weightShape: Shape { [convolution.output, convolution.input, convolution.kernel, convolution.kernel] }

  func forward(isTraining: Bool, hasRelu: Bool, on engine: Engine) throws(OneDNNError) -> PrimitiveDescriptor {
    var operation = dnnl_convolution_desc_t()
    var (source, weights, target) = (
      try MemoryDescriptor.any(input).raw, try MemoryDescriptor.any(weightShape).raw,
      try MemoryDescriptor.any(output).raw
    )
    var bias = try biasDescriptor()
    try check(
      dnnl_convolution_forward_desc_init(
        &operation, isTraining ? dnnl_forward_training : dnnl_forward_inference, dnnl_convolution_direct, &source,
        &weights, &bias, &target, window.strides, window.before, window.after), "describing convolution \(name)")
    return try .choose(&operation, .make(hasRelu: hasRelu), on: engine, for: "convolution \(name)")
  }

  func backwardData(
    hint: borrowing PrimitiveDescriptor, on engine: Engine
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    var operation = dnnl_convolution_desc_t()
    var (source, weights, target) = (
      try MemoryDescriptor.any(input).raw, try MemoryDescriptor.any(weightShape).raw,
      try MemoryDescriptor.any(output).raw
    )
    try check(
      dnnl_convolution_backward_data_desc_init(
        &operation, dnnl_convolution_direct, &source, &weights, &target, window.strides, window.before, window.after),
      "describing the input gradient of \(name)")
    return try .choose(&operation, hint: hint, on: engine, for: "the input gradient of \(name)")
  }

  func backwardWeights(
    hint: borrowing PrimitiveDescriptor, on engine: Engine
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    var operation = dnnl_convolution_desc_t()
    var (source, weights, target) = (
      try MemoryDescriptor.any(input).raw, try MemoryDescriptor.any(weightShape).raw,
      try MemoryDescriptor.any(output).raw
    )
    var bias = try biasDescriptor()
    try check(
      dnnl_convolution_backward_weights_desc_init(
        &operation, dnnl_convolution_direct, &source, &weights, &bias, &target, window.strides, window.before,
        window.after), "describing the weight gradient of \(name)")
    return try .choose(&operation, hint: hint, on: engine, for: "the weight gradient of \(name)")
  }

  /// A descriptor of nothing stands for "no bias".
  private func biasDescriptor() throws(OneDNNError) -> dnnl_memory_desc_t {
    convolution.hasBias ? try MemoryDescriptor.plain([convolution.output]).raw : dnnl_memory_desc_t()
  }
}

/// oneDNN's implementations of a batch norm's two passes over values in one layout, ReLU fused on request.
struct BatchNormPasses {
  let layout: MemoryDescriptor
  /// Whether mean and variance are the batch's, or given and constant.
  let isOfBatch: Bool
  let hasRelu: Bool
  let name: String

  private var flags: UInt32 {
    var flags = dnnl_use_scale.rawValue | dnnl_use_shift.rawValue
    if !isOfBatch { flags |= dnnl_use_global_stats.rawValue }
    if hasRelu { flags |= dnnl_fuse_norm_relu.rawValue }
    return flags
  }

  func forward(isTraining: Bool, on engine: Engine) throws(OneDNNError) -> PrimitiveDescriptor {
    var operation = dnnl_batch_normalization_desc_t()
    var data = layout.raw
    try check(
      dnnl_batch_normalization_forward_desc_init(
        &operation, isTraining ? dnnl_forward_training : dnnl_forward_inference, &data, Float(batchNormEpsilon), flags),
      "describing batch norm \(name)")
    return try .choose(&operation, .make(), on: engine, for: "batch norm \(name)")
  }

  /// Always with the gradients of γ and β, which cost one sweep with that of the input: oneDNN 2.6 has no backward pass
  /// for the input alone where scale and shift are apart.
  func backward(hint: borrowing PrimitiveDescriptor, on engine: Engine) throws(OneDNNError) -> PrimitiveDescriptor {
    var operation = dnnl_batch_normalization_desc_t()
    var (gradient, data) = (layout.raw, layout.raw)
    try check(
      dnnl_batch_normalization_backward_desc_init(
        &operation, dnnl_backward, &gradient, &data, Float(batchNormEpsilon), flags),
      "describing the gradient of batch norm \(name)")
    return try .choose(&operation, hint: hint, on: engine, for: "the gradient of batch norm \(name)")
  }
}

/// oneDNN's implementations of max pooling's two passes.
struct MaxPoolPasses {
  let window: Window
  let source: MemoryDescriptor
  let input: Shape
  let output: Shape

  private var sliding: SlidingWindow { SlidingWindow(window, input: input, output: output) }

  func forward(isTraining: Bool, on engine: Engine) throws(OneDNNError) -> PrimitiveDescriptor {
    var operation = dnnl_pooling_desc_t()
    var (source, target) = (source.raw, try MemoryDescriptor.any(output).raw)
    try check(
      dnnl_pooling_forward_desc_init(
        &operation, isTraining ? dnnl_forward_training : dnnl_forward_inference, dnnl_pooling_max, &source, &target,
        sliding.strides, sliding.kernel, sliding.before, sliding.after), "describing a max pool")
    return try .choose(&operation, .make(), on: engine, for: "a max pool")
  }

  /// `target` is the layout of the forward pass's result.
  func backward(
    target: MemoryDescriptor, hint: borrowing PrimitiveDescriptor, on engine: Engine
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    var operation = dnnl_pooling_desc_t()
    var (source, target) = (source.raw, target.raw)
    try check(
      dnnl_pooling_backward_desc_init(
        &operation, dnnl_pooling_max, &source, &target, sliding.strides, sliding.kernel, sliding.before, sliding.after),
      "describing the gradient of a max pool")
    return try .choose(&operation, hint: hint, on: engine, for: "the gradient of a max pool")
  }
}

/// A primitive descriptor that a closure can capture.
final class DescriptorBox {
  let descriptor: PrimitiveDescriptor
  init(_ descriptor: consuming PrimitiveDescriptor) { self.descriptor = descriptor }
}
