internal import Foundation
internal import Neural
internal import Tensors

/// The small network of one attention block in training: from channel averages `[N, C]` to decisions `[N, C]`, and back
/// from the decisions' gradients to the averages' and the parameters'.
///
/// Its buffers are its own: a few vectors a sample, nothing beside a feature map.
final class AttentionTraining {
  /// One fully connected layer's parameters; gradients only where they are wanted.
  struct Linear {
    let weight: AlignedBuffer
    let bias: AlignedBuffer
    let weightGradient: AlignedBuffer?
    let biasGradient: AlignedBuffer?
  }

  /// The batch norm between the two.
  struct Norm {
    let rows: RowBatchNorm
    let scale: AlignedBuffer
    let shift: AlignedBuffer
    let scaleGradient: AlignedBuffer?
    let shiftGradient: AlignedBuffer?
  }

  let layer: AttentionLayer
  let samples: Int
  private let first: Linear
  private let norm: Norm?
  private let second: Linear
  private let block: AlignedBuffer

  init(_ layer: AttentionLayer, samples: Int, first: Linear, norm: Norm?, second: Linear) {
    (self.layer, self.samples) = (layer, samples)
    (self.first, self.norm, self.second) = (first, norm, second)
    block = AlignedBuffer(5 * samples * layer.channels + 2 * samples * layer.hidden + 2 * layer.channels)
    for channel in 0..<layer.channels { ones[channel] = 1 }
  }

  private var channels: Int { layer.channels }
  private var hiddenChannels: Int { layer.hidden }

  /// The channels' averages, `[N, C]`, to be filled before `forward`.
  var average: UnsafeMutablePointer<Float> { block.floats }
  /// α = sigmoid(…), `[N, C]`.
  private var ratio: UnsafeMutablePointer<Float> { average + samples * channels }
  /// τ = α·a where it shrinks, α where it scales.
  var decision: UnsafeMutablePointer<Float> { ratio + samples * channels }
  /// The gradient of `decision`, to be filled before `backward`.
  var decisionGradient: UnsafeMutablePointer<Float> { decision + samples * channels }
  /// The gradient of `average`, after `backward`.
  var averageGradient: UnsafeMutablePointer<Float> { decisionGradient + samples * channels }
  private var hidden: UnsafeMutablePointer<Float> { averageGradient + samples * channels }
  private var hiddenGradient: UnsafeMutablePointer<Float> { hidden + samples * hiddenChannels }
  /// Vectors of C for `ChannelKernels.combine`: the scale where thresholds decide, the threshold where gates do.
  var ones: UnsafeMutablePointer<Float> { hiddenGradient + samples * hiddenChannels }
  var zeros: UnsafeMutablePointer<Float> { ones + channels }

  /// `decision` from `average`.
  func forward() throws(OneDNNError) {
    try Gemm.forward(
      average, weight: first.weight.floats, bias: first.bias.floats, into: hidden, rows: samples, input: channels,
      output: hiddenChannels)
    norm?.rows.forward(hidden, scale: norm!.scale.floats, shift: norm!.shift.floats, into: hidden)
    for index in 0..<samples * hiddenChannels where hidden[index] < 0 { hidden[index] = 0 }
    try Gemm.forward(
      hidden, weight: second.weight.floats, bias: second.bias.floats, into: ratio, rows: samples,
      input: hiddenChannels, output: channels)
    let isShrunk = layer.action == .shrinking
    for index in 0..<samples * channels {
      ratio[index] = 1 / (1 + exp(-ratio[index]))
      decision[index] = isShrunk ? ratio[index] * average[index] : ratio[index]
    }
  }

  /// `averageGradient` and the parameters' gradients from `decisionGradient`, which it overwrites.
  func backward() throws(OneDNNError) {
    let (gradient, isShrunk) = (decisionGradient, layer.action == .shrinking)
    for index in 0..<samples * channels {
      let slope = ratio[index] * (1 - ratio[index])
      let own = isShrunk ? gradient[index] * ratio[index] : 0
      let inner = isShrunk ? gradient[index] * average[index] : gradient[index]
      (averageGradient[index], gradient[index]) = (own, inner * slope)
    }
    try leaveGradients(of: second, gradient, hidden, input: hiddenChannels, output: channels)
    try Gemm.inputGradient(
      gradient, weight: second.weight.floats, into: hiddenGradient, rows: samples, input: hiddenChannels,
      output: channels)
    for index in 0..<samples * hiddenChannels where !(hidden[index] > 0) { hiddenGradient[index] = 0 }
    if let norm {
      norm.rows.backward(
        hiddenGradient, scale: norm.scale.floats, into: hiddenGradient, dscale: norm.scaleGradient?.floats,
        dshift: norm.shiftGradient?.floats)
    }
    try leaveGradients(of: first, hiddenGradient, average, input: channels, output: hiddenChannels)
    try Gemm.inputGradient(
      hiddenGradient, weight: first.weight.floats, into: gradient, rows: samples, input: channels,
      output: hiddenChannels)
    for index in 0..<samples * channels { averageGradient[index] += gradient[index] }
  }

  private func leaveGradients(
    of layer: Linear, _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, input: Int, output: Int
  ) throws(OneDNNError) {
    if let weight = layer.weightGradient {
      try Gemm.weightGradient(dy, x, into: weight.floats, rows: samples, input: input, output: output)
    }
    if let bias = layer.biasGradient { Gemm.biasGradient(dy, into: bias.floats, rows: samples, output: output) }
  }
}

extension TrainingPlanBuilder {
  /// An attention block, with the addition and the ReLU after it if they follow.
  func addAttention(_ operation: LoweredOperation, _ node: Int) throws(OneDNNError) {
    let (source, layout) = try draft.channelValue(operation.input)
    let residual: Slot? = if let other = operation.residual { try draft.value(other, as: source.layout) } else { nil }
    let attention = try makeAttention(node, layout)
    let target = draft.newSlot(source.layout)
    draft.setValue(target, of: operation)
    let floor: Float = operation.hasRelu ? 0 : -.infinity
    draft.append(.attention, using: [source, target, residual]) { memory in
      let (x, other) = (memory.floats(source), memory.floats(residual))
      let y = memory.floats(target)
      return { (engine) throws(OneDNNError) in
        let isShrunk = attention.layer.action == .shrinking
        engine.team.forEach(layout.samples) { sample in
          ChannelKernels.averages(
            x, layout, sample: sample, absolute: attention.layer.averagesMagnitudes,
            into: attention.average + sample * layout.channels)
        }
        try attention.forward()
        engine.team.forEach(layout.samples) { sample in
          let decision = attention.decision + sample * layout.channels
          ChannelKernels.combine(
            x, residual: other, into: y, layout, sample: sample, threshold: isShrunk ? decision : attention.zeros,
            scale: isShrunk ? attention.ones : decision, floor: floor)
        }
      }
    }
    record(operation) { (builder, gradient) throws(OneDNNError) in
      let gradient = operation.hasRelu ? try builder.masked(gradient, by: target) : gradient
      if let other = operation.residual { try builder.contribute(gradient.slot, isOwned: false, to: other) }
      let ds = try builder.draft.laidOut(gradient.slot, as: source.layout)
      let to = builder.isWanted(operation.input) ? builder.draft.newSlot(source.layout) : nil
      let units = layout.samples * layout.groups
      builder.draft.append(.attention, using: [source, ds, to]) { memory in
        let (x, ds) = (memory.floats(source), memory.floats(ds))
        let dx = memory.floats(to)
        return { (engine) throws(OneDNNError) in
          engine.team.forEach(units) {
            GradientKernels.decisionGradient(
              attention.layer.action, x, ds, layout, decision: attention.decision, into: attention.decisionGradient,
              unit: $0)
          }
          try attention.backward()
          guard let dx else { return }
          engine.team.forEach(units) {
            GradientKernels.inputGradient(
              attention.layer.action, x, ds, layout, decision: attention.decision, average: attention.averageGradient,
              into: dx, unit: $0)
          }
        }
      }
      if let to { try builder.contribute(to, isOwned: true, to: operation.input) }
    }
  }

  private func makeAttention(_ node: Int, _ layout: ChannelLayout) throws(OneDNNError) -> AttentionTraining {
    let name = network.nodes[node].name
    guard let layer = network.nodes[node].layer.attention else { preconditionFailure("no attention") }
    func linear(_ prefix: String) throws(OneDNNError) -> AttentionTraining.Linear {
      AttentionTraining.Linear(
        weight: try parameters.value("\(prefix).weight"), bias: try parameters.value("\(prefix).bias"),
        weightGradient: try gradient("\(prefix).weight"), biasGradient: try gradient("\(prefix).bias"))
    }
    var norm: AttentionTraining.Norm?
    if let prefix = layer.batchNorm(prefix: name) {
      let isOfBatch = scope.batchNorms.contains(prefix)
      let rows = RowBatchNorm(
        rows: layout.samples, channels: layer.hidden,
        running: isOfBatch
          ? nil : (try parameters.value("\(prefix).running_mean"), try parameters.value("\(prefix).running_var")))
      if isOfBatch {
        add(
          TrainingPlan.Statistics(prefix: prefix, mean: rows.mean, variance: rows.variance, count: layout.samples))
      }
      norm = AttentionTraining.Norm(
        rows: rows, scale: try parameters.value("\(prefix).weight"), shift: try parameters.value("\(prefix).bias"),
        scaleGradient: try gradient("\(prefix).weight"), shiftGradient: try gradient("\(prefix).bias"))
    }
    return AttentionTraining(
      layer, samples: layout.samples, first: try linear("\(name).fc1"), norm: norm,
      second: try linear("\(name).fc2"))
  }
}
