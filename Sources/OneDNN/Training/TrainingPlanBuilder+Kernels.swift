internal import Foundation
internal import Neural
internal import Tensors

/// The operations that our own kernels carry out.
extension TrainingPlanBuilder {
  /// An addition, a ReLU or both.
  func addSum(_ operation: TrainingOperation) throws(OneDNNError) {
    let source = try value(operation.input)
    let residual: Slot? = if let other = operation.residual { try value(other, as: source.layout) } else { nil }
    let target = newSlot(source.layout)
    setValue(target, of: operation)
    let floor: Float = operation.hasRelu ? 0 : -.infinity
    append(.elementwise, using: [source, target] + (residual.map { [$0] } ?? [])) { memory in
      let (a, b) = (memory.floats(source.buffer), residual.map { memory.floats($0.buffer) })
      let y = memory.floats(target.buffer)
      return KernelStep { FlatKernels.add(a, b, floor: floor, into: y, count: target.count, $0.team) }
    }
    record(operation) { (builder, gradient) throws(OneDNNError) in
      let gradient = operation.hasRelu ? try builder.masked(gradient, by: target) : gradient
      let isShared = operation.residual != nil
      try builder.contribute(gradient.slot, isOwned: gradient.isOwned && !isShared, to: operation.input)
      if let other = operation.residual { try builder.contribute(gradient.slot, isOwned: false, to: other) }
    }
  }

  /// An attention block, with the addition and the ReLU after it if they follow.
  func addAttention(_ operation: TrainingOperation, _ node: Int) throws(OneDNNError) {
    let (source, layout) = try channelValue(operation.input)
    let residual: Slot? = if let other = operation.residual { try value(other, as: source.layout) } else { nil }
    let attention = try makeAttention(node, layout)
    let target = newSlot(source.layout)
    setValue(target, of: operation)
    let floor: Float = operation.hasRelu ? 0 : -.infinity
    append(.attention, using: [source, target] + (residual.map { [$0] } ?? [])) { memory in
      let (x, other) = (memory.floats(source.buffer), residual.map { memory.floats($0.buffer) })
      let y = memory.floats(target.buffer)
      return KernelStep { (engine) throws(OneDNNError) in
        let isShrinkage = attention.kind == .shrinkage
        engine.team.forEach(layout.samples) { sample in
          ChannelKernels.averages(
            x, layout, sample: sample, absolute: isShrinkage, into: attention.average + sample * layout.channels)
        }
        try attention.forward()
        engine.team.forEach(layout.samples) { sample in
          let decision = attention.decision + sample * layout.channels
          ChannelKernels.combine(
            x, residual: other, into: y, layout, sample: sample, threshold: isShrinkage ? decision : attention.zeros,
            scale: isShrinkage ? attention.ones : decision, floor: floor)
        }
      }
    }
    record(operation) { (builder, gradient) throws(OneDNNError) in
      let gradient = operation.hasRelu ? try builder.masked(gradient, by: target) : gradient
      if let other = operation.residual { try builder.contribute(gradient.slot, isOwned: false, to: other) }
      let ds = try builder.copied(gradient.slot, as: source.layout)
      let to = builder.isWanted(operation.input) ? builder.newSlot(source.layout) : nil
      let units = layout.samples * layout.groups
      builder.append(.attention, using: [source, ds] + (to.map { [$0] } ?? [])) { memory in
        let (x, ds) = (memory.floats(source.buffer), memory.floats(ds.buffer))
        let dx = to.map { memory.floats($0.buffer) }
        return KernelStep { (engine) throws(OneDNNError) in
          engine.team.forEach(units) {
            GradientKernels.decisionGradient(
              attention.kind, x, ds, layout, decision: attention.decision, into: attention.decisionGradient, unit: $0)
          }
          try attention.backward()
          guard let dx else { return }
          engine.team.forEach(units) {
            GradientKernels.inputGradient(
              attention.kind, x, ds, layout, decision: attention.decision, average: attention.averageGradient,
              into: dx, unit: $0)
          }
        }
      }
      if let to { try builder.contribute(to, isOwned: true, to: operation.input) }
    }
  }

  private func makeAttention(_ node: Int, _ layout: ChannelLayout) throws(OneDNNError) -> AttentionTraining {
    let name = network.nodes[node].name
    func linear(_ prefix: String) throws(OneDNNError) -> AttentionTraining.Linear {
      AttentionTraining.Linear(
        weight: try parameters.value("\(prefix).weight"), bias: try parameters.value("\(prefix).bias"),
        weightGradient: try gradient("\(prefix).weight"), biasGradient: try gradient("\(prefix).bias"))
    }
    guard case .squeezeExcite(_, let hidden) = network.nodes[node].layer else {
      let prefix = "\(name).bn"
      let isOfBatch = scope.batchNorms.contains(prefix)
      let rows = RowBatchNorm(
        rows: layout.samples, channels: layout.channels,
        running: isOfBatch
          ? nil : (try parameters.value("\(prefix).running_mean"), try parameters.value("\(prefix).running_var")))
      if isOfBatch {
        add(
          TrainingPlan.Statistics(
            prefix: prefix, mean: rows.mean, variance: rows.variance, count: layout.samples))
      }
      let norm = AttentionTraining.Norm(
        rows: rows, scale: try parameters.value("\(prefix).weight"), shift: try parameters.value("\(prefix).bias"),
        scaleGradient: try gradient("\(prefix).weight"), shiftGradient: try gradient("\(prefix).bias"))
      return AttentionTraining(
        .shrinkage, samples: layout.samples, channels: layout.channels, hidden: layout.channels,
        first: try linear("\(name).fc1"), norm: norm, second: try linear("\(name).fc2"))
    }
    return AttentionTraining(
      .squeezeExcite, samples: layout.samples, channels: layout.channels, hidden: hidden,
      first: try linear("\(name).fc1"), norm: nil, second: try linear("\(name).fc2"))
  }

  func addAveragePool(_ operation: TrainingOperation) throws(OneDNNError) {
    let (source, layout) = try channelValue(operation.input)
    let target = newSlot(try .plain(shape(of: .node(operation.output))))
    setValue(target, of: operation)
    append(.pooling, using: [source, target]) { memory in
      let (x, y) = (memory.floats(source.buffer), memory.floats(target.buffer))
      return KernelStep { engine in
        engine.team.forEach(layout.samples) { sample in
          ChannelKernels.averages(x, layout, sample: sample, absolute: false, into: y + sample * layout.channels)
        }
      }
    }
    record(operation) { (builder, gradient) throws(OneDNNError) in
      let from = try builder.copied(gradient.slot, as: target.layout)
      let to = builder.newSlot(source.layout)
      builder.append(.pooling, using: [from, to]) { memory in
        let (dy, dx) = (memory.floats(from.buffer), memory.floats(to.buffer))
        return KernelStep { engine in
          engine.team.forEach(layout.samples * layout.groups) { GradientKernels.spread(dy, layout, into: dx, unit: $0) }
        }
      }
      try builder.contribute(to, isOwned: true, to: operation.input)
    }
  }

  func addLinear(_ operation: TrainingOperation, _ node: Int) throws(OneDNNError) {
    guard case .linear(let width, let output) = network.nodes[node].layer else { preconditionFailure("no linear") }
    let (name, rows) = (network.nodes[node].name, input[0])
    let source = try value(operation.input, as: .plain(shape(of: operation.input)))
    let target = newSlot(try .plain([rows, output]))
    setValue(target, of: operation)
    let (weight, bias) = (try parameters.value("\(name).weight"), try parameters.value("\(name).bias"))
    append(.linear, using: [source, target]) { memory in
      let (x, y) = (memory.floats(source.buffer), memory.floats(target.buffer))
      return KernelStep { (_) throws(OneDNNError) in
        try Gemm.forward(
          x, weight: weight.floats, bias: bias.floats, into: y, rows: rows, input: width, output: output)
      }
    }
    let (weightGradient, biasGradient) = (try gradient("\(name).weight"), try gradient("\(name).bias"))
    record(operation) { (builder, gradient) throws(OneDNNError) in
      let from = try builder.copied(gradient.slot, as: target.layout)
      let to = builder.isWanted(operation.input) ? builder.newSlot(source.layout) : nil
      builder.append(.linear, using: [source, from] + (to.map { [$0] } ?? [])) { memory in
        let (x, dy) = (memory.floats(source.buffer), memory.floats(from.buffer))
        let dx = to.map { memory.floats($0.buffer) }
        return KernelStep { (_) throws(OneDNNError) in
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

  /// Softmax over rows; networks for training end in logits, so this one is plain.
  func addSoftmax(_ operation: TrainingOperation) throws(OneDNNError) {
    let source = try value(operation.input, as: .plain(shape(of: operation.input)))
    let (rows, classes) = (shape(of: operation.input)[0], shape(of: operation.input)[1])
    let target = newSlot(source.layout)
    setValue(target, of: operation)
    append(.elementwise, using: [source, target]) { memory in
      let (x, y) = (memory.floats(source.buffer), memory.floats(target.buffer))
      return KernelStep { _ in
        for row in 0..<rows {
          let range = row * classes..<(row + 1) * classes
          let largest = range.reduce(-Float.infinity) { max($0, x[$1]) }
          for index in range { y[index] = exp(x[index] - largest) }
          let sum = range.reduce(Float(0)) { $0 + y[$1] }
          for index in range { y[index] /= sum }
        }
      }
    }
    record(operation) { (builder, gradient) throws(OneDNNError) in
      let from = try builder.copied(gradient.slot, as: target.layout)
      let to = builder.newSlot(target.layout)
      builder.append(.elementwise, using: [from, target, to]) { memory in
        let (dy, y) = (memory.floats(from.buffer), memory.floats(target.buffer))
        let dx = memory.floats(to.buffer)
        return KernelStep { _ in
          for row in 0..<rows {
            let range = row * classes..<(row + 1) * classes
            let projection = range.reduce(0.0) { $0 + Double(dy[$1]) * Double(y[$1]) }
            for index in range { dx[index] = Float(Double(y[index]) * (Double(dy[index]) - projection)) }
          }
        }
      }
      try builder.contribute(to, isOwned: true, to: operation.input)
    }
  }
}
