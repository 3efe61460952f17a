internal import Foundation
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
      return KernelStep { FlatKernels.add(a, b, floor: floor, into: y, count: target.layout.count, $0.team) }
    }
    record(operation) { (builder, gradient) throws(OneDNNError) in
      let gradient = operation.hasRelu ? try builder.masked(gradient, by: target) : gradient
      let isShared = operation.residual != nil
      try builder.contribute(gradient.slot, isOwned: gradient.isOwned && !isShared, to: operation.input)
      if let other = operation.residual { try builder.contribute(gradient.slot, isOwned: false, to: other) }
    }
  }

  func addAveragePool(_ operation: LoweredOperation) throws(OneDNNError) {
    let (source, layout) = try draft.channelValue(operation.input)
    let target = draft.newSlot(try .plain(draft.shape(of: .node(operation.output))))
    draft.setValue(target, of: operation)
    draft.append(.pooling, using: [source, target]) { memory in
      let (x, y) = (memory.floats(source), memory.floats(target))
      return KernelStep { engine in
        engine.team.forEach(layout.samples) { sample in
          ChannelKernels.averages(x, layout, sample: sample, absolute: false, into: y + sample * layout.channels)
        }
      }
    }
    record(operation) { (builder, gradient) throws(OneDNNError) in
      let from = try builder.draft.laidOut(gradient.slot, as: target.layout)
      let to = builder.draft.newSlot(source.layout)
      builder.draft.append(.pooling, using: [from, to]) { memory in
        let (dy, dx) = (memory.floats(from), memory.floats(to))
        return KernelStep { engine in
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
      return KernelStep { (_) throws(OneDNNError) in
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
  func addSoftmax(_ operation: LoweredOperation) throws(OneDNNError) {
    let source = try draft.plainValue(operation.input)
    let (rows, classes) = (draft.shape(of: operation.input)[0], draft.shape(of: operation.input)[1])
    let target = draft.newSlot(source.layout)
    draft.setValue(target, of: operation)
    draft.append(.elementwise, using: [source, target]) { memory in
      let (x, y) = (memory.floats(source), memory.floats(target))
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
      let from = try builder.draft.laidOut(gradient.slot, as: target.layout)
      let to = builder.draft.newSlot(target.layout)
      builder.draft.append(.elementwise, using: [from, target, to]) { memory in
        let (dy, y) = (memory.floats(from), memory.floats(target))
        let dx = memory.floats(to)
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
