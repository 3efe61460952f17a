internal import Foundation
internal import Neural

/// The small network of one attention block in training: from channel averages `[N, C]` to decisions `[N, C]` (thresholds
/// or gates), and back from the decisions' gradients to the averages' and the parameters'.
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

  /// The batch norm of a shrinkage block.
  struct Norm {
    let rows: RowBatchNorm
    let scale: AlignedBuffer
    let shift: AlignedBuffer
    let scaleGradient: AlignedBuffer?
    let shiftGradient: AlignedBuffer?
  }

  let kind: GradientKernels.Attention
  let samples: Int
  let channels: Int
  private let hiddenChannels: Int
  private let first: Linear
  private let norm: Norm?
  private let second: Linear
  private let block: AlignedBuffer

  init(
    _ kind: GradientKernels.Attention, samples: Int, channels: Int, hidden: Int, first: Linear, norm: Norm?,
    second: Linear
  ) {
    (self.kind, self.samples, self.channels, hiddenChannels) = (kind, samples, channels, hidden)
    (self.first, self.norm, self.second) = (first, norm, second)
    block = AlignedBuffer(byteCount: (5 * samples * channels + 2 * samples * hidden + 2 * channels) * 4)
    for channel in 0..<channels { ones[channel] = 1 }
  }

  /// The channels' averages, `[N, C]`, to be filled before `forward`.
  var average: UnsafeMutablePointer<Float> { block.floats }
  /// α = sigmoid(…), `[N, C]`.
  private var ratio: UnsafeMutablePointer<Float> { average + samples * channels }
  /// τ = α·a for shrinkage, α for squeeze and excitation.
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
    for index in 0..<samples * channels {
      ratio[index] = 1 / (1 + exp(-ratio[index]))
      decision[index] = kind == .shrinkage ? ratio[index] * average[index] : ratio[index]
    }
  }

  /// `averageGradient` and the parameters' gradients from `decisionGradient`, which it overwrites.
  func backward() throws(OneDNNError) {
    let gradient = decisionGradient
    for index in 0..<samples * channels {
      let slope = ratio[index] * (1 - ratio[index])
      let own = kind == .shrinkage ? gradient[index] * ratio[index] : 0
      let inner = kind == .shrinkage ? gradient[index] * average[index] : gradient[index]
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
