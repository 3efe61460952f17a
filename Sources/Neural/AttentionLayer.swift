/// Channel attention, `[N, C, H, W]` → `[N, C, H, W]`: everything about it but its arithmetic on tensors, which stands
/// in `ReferenceAttention` and, for oneDNN, in `AttentionGate` and `AttentionTraining`.
///
/// A small network turns one average a channel into one ratio a channel, α = sigmoid(fc2(relu(bn(fc1(average))))), with
/// or without the batch norm; the action says what becomes of the channel.
package struct AttentionLayer: Hashable, Sendable {
  /// What a channel's ratio α does.
  package enum Action: Hashable, Sendable {
    /// y = α_c·x, with averages of the values.
    case scaling
    /// τ_c = α_c·a_c, y = sign(x)·max(|x| − τ_c, 0), with averages a of the magnitudes.
    case shrinking
  }

  package let channels: Int
  /// Channels between the two linear layers.
  package let hidden: Int
  package let hasBatchNorm: Bool
  package let action: Action

  /// Squeeze and excitation (paper section 5.1).
  package static func squeezeExcite(channels: Int, hidden: Int) -> AttentionLayer {
    AttentionLayer(channels: channels, hidden: hidden, hasBatchNorm: false, action: .scaling)
  }

  /// Soft thresholding with a learned threshold a channel (the DRSN's attention, paper section 5.2).
  package static func shrinkage(channels: Int) -> AttentionLayer {
    AttentionLayer(channels: channels, hidden: channels, hasBatchNorm: true, action: .shrinking)
  }

  /// Whether the averages are of magnitudes.
  package var averagesMagnitudes: Bool { action == .shrinking }

  /// What it decides for each sample and channel, `[N, C]`: a threshold τ in units of x, or a gate α in (0, 1).
  package var decision: String {
    switch action {
    case .scaling: "gate"
    case .shrinking: "threshold"
    }
  }

  /// What it is, for people.
  package var title: String {
    switch action {
    case .scaling: "squeeze-excite"
    case .shrinking: "shrinkage"
    }
  }

  /// Its title with what a reader may want to know besides.
  package var summary: String { hidden == channels ? title : "\(title), \(hidden) inside" }

  /// The tensors of a node named `prefix`.
  package func parameters(prefix: String) -> [Parameter] {
    Layer.linearParameters("\(prefix).fc1", channels, hidden)
      + (batchNorm(prefix: prefix).map { Layer.batchNormParameters($0, hidden) } ?? [])
      + Layer.linearParameters(
        "\(prefix).fc2", hidden, channels, bias: action == .shrinking ? .thresholdBias : .bias)
  }

  /// The prefix of its batch norm, over the samples of `[N, hidden]`, in a node named `prefix`.
  package func batchNorm(prefix: String) -> String? { hasBatchNorm ? "\(prefix).bn" : nil }

  /// Multiply-adds of one sample, whatever the feature maps' size.
  package var multiplyAdds: Int { 2 * channels * hidden }

  /// Operations on each element besides averaging: one product, or magnitude, difference, maximum and sign.
  package var operationsPerElement: Int {
    switch action {
    case .scaling: 1
    case .shrinking: 4
    }
  }

  /// Operations on each channel's ratio: τ = α·a where it shrinks.
  package var operationsPerChannel: Int { action == .shrinking ? 1 : 0 }
}

/// The attention a residual block applies after its second batch norm and before the addition (paper section 5).
package enum Attention: String, CaseIterable, Sendable {
  case none
  case squeezeExcite
  case shrinkage

  /// The name of the ResNet-18 that has it in every block.
  package var networkName: String {
    switch self {
    case .none: "resnet18"
    case .squeezeExcite: "resnet18-se"
    case .shrinkage: "drsn18"
    }
  }

  /// Its name below a block and its layer, for blocks of `channels`.
  func node(channels: Int) -> (suffix: String, layer: AttentionLayer)? {
    switch self {
    case .none: nil
    case .squeezeExcite: ("se", .squeezeExcite(channels: channels, hidden: max(1, channels / 16)))
    case .shrinkage: ("shrink", .shrinkage(channels: channels))
    }
  }
}

extension Layer {
  /// The attention it is, if any.
  package var attention: AttentionLayer? { if case .attention(let attention) = self { attention } else { nil } }
}

extension Network.Node {
  /// The name of what an attention node decides, such as `layer1.0.shrink.threshold`; nil for other nodes.
  package var decisionName: String? { layer.attention.map { "\(name).\($0.decision)" } }
}
