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
