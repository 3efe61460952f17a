internal import Foundation
internal import Neural

/// The small network of an attention block, folded for inference: from one average a channel to one decision a channel.
final class AttentionGate: Sendable {
  let layer: AttentionLayer
  private let first: DenseLayer
  private let second: DenseLayer

  /// From the weights of a node named `prefix`, its batch norm folded into the first linear layer.
  init(_ layer: AttentionLayer, prefix: String, in prepared: PreparedNetwork) {
    self.layer = layer
    first = prepared.denseLayer(prefix: "\(prefix).fc1", foldingBatchNorm: layer.batchNorm(prefix: prefix))
    second = prepared.denseLayer(prefix: "\(prefix).fc2")
  }

  /// How many floats `decide` needs to work in.
  var scratchCount: Int { layer.channels + first.output }

  /// One sample's thresholds or gates, one a channel, into `decision`, which the scratch may not overlap.
  func decide(
    _ source: UnsafePointer<Float>, _ layout: ChannelLayout, sample: Int,
    into decision: UnsafeMutablePointer<Float>, scratch average: UnsafeMutablePointer<Float>
  ) {
    ChannelKernels.averages(
      source, layout, sample: sample, absolute: layer.averagesMagnitudes, into: average)
    let hidden = average + layer.channels
    first.apply(average, hidden, relu: true)
    second.apply(hidden, decision)
    for channel in 0..<layer.channels { decision[channel] = 1 / (1 + exp(-decision[channel])) }
    guard layer.action == .shrinking else { return }
    for channel in 0..<layer.channels { decision[channel] *= average[channel] }
  }
}

/// Attention (or none), addition (or none) and ReLU (or none) over a whole feature map, in one sweep after the
/// averages.
final class CombineStep: Step {
  private let source: UnsafeMutablePointer<Float>
  private let residual: UnsafeMutablePointer<Float>?
  private let target: UnsafeMutablePointer<Float>
  private let layout: ChannelLayout
  private let gate: AttentionGate?
  private let floor: Float
  /// Where the thresholds or gates go, `[N, C]`, if somebody asked for them.
  private let decision: UnsafeMutablePointer<Float>?
  /// For each channel the threshold and the scale; then the gate's own scratch.
  private let work: AlignedBuffer

  init(
    source: UnsafeMutablePointer<Float>, residual: UnsafeMutablePointer<Float>?, target: UnsafeMutablePointer<Float>,
    _ layout: ChannelLayout, gate: AttentionGate?, relu: Bool,
    decision: UnsafeMutablePointer<Float>? = nil
  ) {
    (self.source, self.residual, self.target) = (source, residual, target)
    (self.layout, self.gate, self.decision) = (layout, gate, decision)
    floor = relu ? 0 : -.infinity
    work = AlignedBuffer(2 * layout.channels + (gate?.scratchCount ?? 0))
  }

  func execute(on engine: Engine) throws(OneDNNError) {
    let channels = layout.channels
    let threshold = work.floats
    let scale = threshold + channels
    for sample in 0..<layout.samples {
      for channel in 0..<channels { (threshold[channel], scale[channel]) = (0, 1) }
      if let gate {
        let chosen = gate.layer.action == .shrinking ? threshold : scale
        gate.decide(source, layout, sample: sample, into: chosen, scratch: scale + channels)
        if let decision { (decision + sample * channels).update(from: chosen, count: channels) }
      }
      ChannelKernels.combine(
        source, residual: residual, into: target, layout, sample: sample, threshold: threshold, scale: scale,
        floor: floor)
    }
  }
}
