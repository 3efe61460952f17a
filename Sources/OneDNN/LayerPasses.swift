internal import COneDNN
internal import Neural
internal import Tensors

/// oneDNN's implementations of a convolution's passes, layouts left to it.
///
/// Always the direct algorithm: Winograd rounds differently, and what changes an answer belongs to the bundle, not to
/// the machine.
struct ConvolutionPasses {
  let convolution: Convolution
  let input: Shape
  let output: Shape
  /// Whether the primitives take a bias: for inference always, of zeros where the layer has none.
  let hasBias: Bool
  let name: String

  private var window: SlidingWindow { SlidingWindow(convolution.window, input: input, output: output) }
  private var weightShape: Shape { [convolution.output, convolution.input, convolution.kernel, convolution.kernel] }

  func forward(
    isTraining: Bool = false, addsResidual: Bool = false, hasRelu: Bool = false, on engine: Engine
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    let window = window
    let attributes = try Attributes.make(addsResidual: addsResidual, hasRelu: hasRelu)
    return try .choose(
      for: "convolution \(name)", [.any(input), .any(weightShape), biasLayout(), .any(output)], attributes
    ) {
      handle, raw, attributes in
      lectern_dnnl_convolution_forward(
        handle, engine.handle, isTraining ? dnnl_forward_training : dnnl_forward_inference, raw[0], raw[1], raw[2],
        raw[3], window.strides, window.before, window.after, attributes)
    }
  }

  func backwardData(hint: PrimitiveDescriptor, on engine: Engine) throws(OneDNNError) -> PrimitiveDescriptor {
    let (forward, window) = (hint.handle, window)
    return try .choose(for: "the input gradient of \(name)", [.any(input), .any(weightShape), .any(output)], .make()) {
      handle, raw, attributes in
      lectern_dnnl_convolution_backward_data(
        handle, engine.handle, raw[0], raw[1], raw[2], window.strides, window.before, window.after, forward, attributes)
    }
  }

  func backwardWeights(hint: PrimitiveDescriptor, on engine: Engine) throws(OneDNNError) -> PrimitiveDescriptor {
    let (forward, window) = (hint.handle, window)
    return try .choose(
      for: "the weight gradient of \(name)", [.any(input), .any(weightShape), biasLayout(), .any(output)], .make()
    ) {
      handle, raw, attributes in
      lectern_dnnl_convolution_backward_weights(
        handle, engine.handle, raw[0], raw[1], raw[2], raw[3], window.strides, window.before, window.after, forward,
        attributes)
    }
  }

  private func biasLayout() throws(OneDNNError) -> MemoryDescriptor? {
    hasBias ? try .plain([convolution.output]) : nil
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
    try .choose(for: "batch norm \(name)", [layout], .make()) { handle, raw, attributes in
      lectern_dnnl_batch_norm_forward(
        handle, engine.handle, isTraining ? dnnl_forward_training : dnnl_forward_inference, raw[0],
        Float(batchNormEpsilon), flags, attributes)
    }
  }

  /// Always with the gradients of γ and β, which cost one sweep with that of the input: oneDNN 2.6 has no backward pass
  /// for the input alone where scale and shift are apart.
  func backward(hint: PrimitiveDescriptor, on engine: Engine) throws(OneDNNError) -> PrimitiveDescriptor {
    let forward = hint.handle
    return try .choose(for: "the gradient of batch norm \(name)", [layout], .make()) { handle, raw, attributes in
      lectern_dnnl_batch_norm_backward(
        handle, engine.handle, raw[0], Float(batchNormEpsilon), flags, forward, attributes)
    }
  }
}

/// oneDNN's implementations of max pooling's two passes, in the layout its input has.
struct MaxPoolPasses {
  let window: Window
  let source: MemoryDescriptor
  let input: Shape
  let output: Shape

  private var sliding: SlidingWindow { SlidingWindow(window, input: input, output: output) }

  func forward(isTraining: Bool = false, on engine: Engine) throws(OneDNNError) -> PrimitiveDescriptor {
    let sliding = sliding
    return try .choose(for: "a max pool", [source, .any(output)], .make()) { handle, raw, attributes in
      lectern_dnnl_max_pool_forward(
        handle, engine.handle, isTraining ? dnnl_forward_training : dnnl_forward_inference, raw[0], raw[1],
        sliding.strides, sliding.kernel, sliding.before, sliding.after, attributes)
    }
  }

  /// `target` is the layout of the forward pass's result.
  func backward(
    target: MemoryDescriptor, hint: PrimitiveDescriptor, on engine: Engine
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    let (forward, sliding) = (hint.handle, sliding)
    return try .choose(for: "the gradient of a max pool", [source, target], .make()) { handle, raw, attributes in
      lectern_dnnl_max_pool_backward(
        handle, engine.handle, raw[0], raw[1], sliding.strides, sliding.kernel, sliding.before, sliding.after,
        forward, attributes)
    }
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
