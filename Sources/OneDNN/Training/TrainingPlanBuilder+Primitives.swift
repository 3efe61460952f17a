internal import COneDNN
internal import Neural
internal import Tensors

/// The operations that oneDNN carries out.
extension TrainingPlanBuilder {
  func addConvolution(_ operation: LoweredOperation, _ node: Int) throws(OneDNNError) {
    guard case .convolution(let convolution) = network.nodes[node].layer else { preconditionFailure("no convolution") }
    let name = network.nodes[node].name
    let passes = ConvolutionPasses(
      convolution: convolution, input: draft.shape(of: operation.input),
      output: draft.shape(of: .node(operation.output)),
      hasBias: convolution.hasBias, name: name)
    let forward = try passes.forward(
      isTraining: isWanted(.node(operation.output)), hasRelu: operation.hasRelu, on: engine)
    let source = try draft.value(operation.input, as: forward.required(dnnl_query_src_md))
    let target = draft.newSlot(try forward.required(dnnl_query_dst_md))
    draft.setValue(target, of: operation)
    let weights = try forward.required(dnnl_query_weights_md)
    var owned = [(DNNL_ARG_WEIGHTS_0, try parameters.value("\(name).weight", as: weights), weights)]
    let biasLayout = try MemoryDescriptor.plain([convolution.output])
    if convolution.hasBias { owned.append((DNNL_ARG_BIAS, try parameters.value("\(name).bias"), biasLayout)) }
    try draft.append(
      .convolutionForward, forward, [(DNNL_ARG_SRC_0, source), (DNNL_ARG_DST_0, target)], owned: owned)

    record(operation) { (builder, gradient) throws(OneDNNError) in
      let gradient = operation.hasRelu ? try builder.masked(gradient, by: target) : gradient
      if builder.isTrainable("\(name).weight") || (convolution.hasBias && builder.isTrainable("\(name).bias")) {
        try builder.addWeightGradient(
          passes, forward, source: source, gradient: gradient.slot, biasLayout: biasLayout)
      }
      guard builder.isWanted(operation.input) else { return }
      let backward = try passes.backwardData(hint: forward, on: builder.engine)
      let from = try builder.draft.laidOut(gradient.slot, as: backward.required(dnnl_query_diff_dst_md))
      let to = builder.draft.newSlot(try backward.required(dnnl_query_diff_src_md))
      let weights = try backward.required(dnnl_query_weights_md)
      try builder.draft.append(
        .convolutionData, backward, [(DNNL_ARG_DIFF_DST_0, from), (DNNL_ARG_DIFF_SRC_0, to)],
        owned: [(DNNL_ARG_WEIGHTS_0, builder.parameters.value("\(name).weight", as: weights), weights)])
      try builder.contribute(to, isOwned: true, to: operation.input)
    }
  }

  private func addWeightGradient(
    _ passes: ConvolutionPasses, _ forward: PrimitiveDescriptor, source: Slot, gradient: Slot,
    biasLayout: MemoryDescriptor
  ) throws(OneDNNError) {
    let backward = try passes.backwardWeights(hint: forward, on: engine)
    let from = try draft.laidOut(gradient, as: backward.required(dnnl_query_diff_dst_md))
    let value = try draft.laidOut(source, as: backward.required(dnnl_query_src_md))
    let weights = try backward.required(dnnl_query_diff_weights_md)
    var owned = [
      (DNNL_ARG_DIFF_WEIGHTS_0, try parameters.gradient("\(passes.name).weight", as: weights), weights)
    ]
    if passes.convolution.hasBias {
      owned.append((DNNL_ARG_DIFF_BIAS, try parameters.gradient("\(passes.name).bias"), biasLayout))
    }
    try draft.append(
      .convolutionWeights, backward, [(DNNL_ARG_DIFF_DST_0, from), (DNNL_ARG_SRC_0, value)], owned: owned)
  }

  func addBatchNorm(_ operation: LoweredOperation, _ node: Int) throws(OneDNNError) {
    let name = network.nodes[node].name
    let shape = draft.shape(of: operation.input)
    let source = try draft.value(operation.input)
    let isOfBatch = scope.batchNorms.contains(name)
    let isTraining = isWanted(.node(operation.output))
    let passes = BatchNormPasses(
      layout: source.layout, isOfBatch: isOfBatch, hasRelu: operation.hasRelu, name: name)
    // The batch's statistics exist in the training pass only.
    let forward = try passes.forward(isTraining: isTraining || isOfBatch, on: engine)
    let target = draft.newSlot(source.layout)
    draft.setValue(target, of: operation)
    let vector = try MemoryDescriptor.plain([shape[1]])
    let (mean, variance) =
      isOfBatch
      ? (AlignedBuffer(shape[1]), AlignedBuffer(shape[1]))
      : (try parameters.value("\(name).running_mean"), try parameters.value("\(name).running_var"))
    if isOfBatch {
      add(TrainingPlan.Statistics(prefix: name, mean: mean, variance: variance, count: shape.count / shape[1]))
    }
    let scale = (DNNL_ARG_SCALE, try parameters.value("\(name).weight"), vector)
    let shift = (DNNL_ARG_SHIFT, try parameters.value("\(name).bias"), vector)
    let given = [(DNNL_ARG_MEAN, mean, vector), (DNNL_ARG_VARIANCE, variance, vector)]
    let workspace = try forward.layout(dnnl_query_workspace_md).map { draft.newSlot($0) }
    try draft.append(
      .batchNorm, forward, [(DNNL_ARG_SRC_0, source), (DNNL_ARG_DST_0, target), (DNNL_ARG_WORKSPACE, workspace)],
      owned: given + [scale, shift])

    record(operation) { (builder, gradient) throws(OneDNNError) in
      let backward = try passes.backward(hint: forward, on: builder.engine)
      let from = try builder.draft.laidOut(gradient.slot, as: source.layout)
      let to = builder.draft.newSlot(source.layout)
      // β has no part in the gradients, but oneDNN 2.6 counts its arguments.
      let owned =
        given + [
          scale, shift, (DNNL_ARG_DIFF_SCALE, try builder.parameters.gradient("\(name).weight"), vector),
          (DNNL_ARG_DIFF_SHIFT, try builder.parameters.gradient("\(name).bias"), vector),
        ]
      try builder.draft.append(
        .batchNorm, backward,
        [
          (DNNL_ARG_SRC_0, source), (DNNL_ARG_DIFF_DST_0, from), (DNNL_ARG_DIFF_SRC_0, to),
          (DNNL_ARG_WORKSPACE, workspace),
        ], owned: owned)
      try builder.contribute(to, isOwned: true, to: operation.input)
    }
  }

  func addMaxPool(_ operation: LoweredOperation, _ window: Window) throws(OneDNNError) {
    let (passes, forward, source, target, workspace) = try draft.addMaxPool(
      operation, window, isTraining: isWanted(.node(operation.output)))
    record(operation) { (builder, gradient) throws(OneDNNError) in
      let backward = try passes.backward(target: target.layout, hint: forward, on: builder.engine)
      let from = try builder.draft.laidOut(gradient.slot, as: target.layout)
      let to = builder.draft.newSlot(source.layout)
      try builder.draft.append(
        .pooling, backward,
        [(DNNL_ARG_DIFF_DST_0, from), (DNNL_ARG_DIFF_SRC_0, to), (DNNL_ARG_WORKSPACE, workspace)])
      try builder.contribute(to, isOwned: true, to: operation.input)
    }
  }
}
