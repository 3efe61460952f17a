internal import Neural
internal import Tensors

/// The operations that our own kernels carry out.
extension TrainingPlanBuilder {
  /// An addition, a ReLU or both.
  func addSum(_ operation: LoweredOperation) throws(OneDNNError) {
    let source = try draft.value(operation.input)
    let residual: Slot? = if let other = operation.residual { try draft.value(other, as: source.layout) } else { nil }
    let target = draft.newSlot(source.layout)
    draft.setValue(target, of: operation)
    let floor: Float = operation.hasRelu ? 0 : -.infinity
    draft.append(.elementwise, using: [source, target, residual]) { memory in
      let (a, b) = (memory.floats(source), memory.floats(residual))
      let y = memory.floats(target)
      return { FlatKernels.add(a, b, floor: floor, into: y, count: target.layout.count, $0.team) }
    }
    record(operation) { (builder, gradient) throws(OneDNNError) in
      let gradient = operation.hasRelu ? try builder.masked(gradient, by: target) : gradient
      let isShared = operation.residual != nil
      try builder.contribute(gradient.slot, isOwned: gradient.isOwned && !isShared, to: operation.input)
      if let other = operation.residual { try builder.contribute(gradient.slot, isOwned: false, to: other) }
    }
  }

  func addAveragePool(_ operation: LoweredOperation) throws(OneDNNError) {
    let (source, target, layout) = try draft.addAveragePool(operation)
    record(operation) { (builder, gradient) throws(OneDNNError) in
      let from = try builder.draft.laidOut(gradient.slot, as: target.layout)
      let to = builder.draft.newSlot(source.layout)
      builder.draft.append(.pooling, using: [from, to]) { memory in
        let (dy, dx) = (memory.floats(from), memory.floats(to))
        return { engine in
          engine.team.forEach(layout.samples * layout.groups) { GradientKernels.spread(dy, layout, into: dx, unit: $0) }
        }
      }
      try builder.contribute(to, isOwned: true, to: operation.input)
    }
  }

  func addLinear(_ operation: LoweredOperation, _ node: Int) throws(OneDNNError) {
    guard case .linear(let width, let output) = network.nodes[node].layer else { preconditionFailure("no linear") }
    let (name, rows) = (network.nodes[node].name, draft.input[0])
    let source = try draft.plainValue(operation.input)
    let target = draft.newSlot(try .plain([rows, output]))
    draft.setValue(target, of: operation)
    let (weight, bias) = (try parameters.value("\(name).weight"), try parameters.value("\(name).bias"))
    draft.append(.linear, using: [source, target]) { memory in
      let (x, y) = (memory.floats(source), memory.floats(target))
      return { (_) throws(OneDNNError) in
        try Gemm.forward(
          x, weight: weight.floats, bias: bias.floats, into: y, rows: rows, input: width, output: output)
      }
    }
    let (weightGradient, biasGradient) = (try gradient("\(name).weight"), try gradient("\(name).bias"))
    record(operation) { (builder, gradient) throws(OneDNNError) in
      let from = try builder.draft.laidOut(gradient.slot, as: target.layout)
      let to = builder.isWanted(operation.input) ? builder.draft.newSlot(source.layout) : nil
      builder.draft.append(.linear, using: [source, from, to]) { memory in
        let (x, dy) = (memory.floats(source), memory.floats(from))
        let dx = memory.floats(to)
        return { (_) throws(OneDNNError) in
          if let weightGradient {
            try Gemm.weightGradient(dy, x, into: weightGradient.floats, rows: rows, input: width, output: output)
          }
          if let biasGradient { Gemm.biasGradient(dy, into: biasGradient.floats, rows: rows, output: output) }
          if let dx {
            try Gemm.inputGradient(dy, weight: weight.floats, into: dx, rows: rows, input: width, output: output)
          }
        }
      }
      if let to { try builder.contribute(to, isOwned: true, to: operation.input) }
    }
  }

  /// Softmax over rows by the reference: networks for training end in logits.
  func addSoftmax(_ operation: LoweredOperation) throws(OneDNNError) {
    let (_, target) = try draft.addRows(.elementwise, operation) { x, y in
      y.fill(with: ReferenceLayers.softmax(x.tensor))
    }
    record(operation) { (builder, gradient) throws(OneDNNError) in
      let from = try builder.draft.laidOut(gradient.slot, as: target.layout)
      let to = builder.draft.newSlot(target.layout)
      builder.draft.append(.elementwise, using: [from, target, to]) { memory in
        let (dy, y, dx) = (memory.result(from), memory.result(target), memory.result(to))
        return { _ in dx.fill(with: ReferenceGradients.softmax(dy.tensor, y: y.tensor)) }
      }
      try builder.contribute(to, isOwned: true, to: operation.input)
    }
  }
}
