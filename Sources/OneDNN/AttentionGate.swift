internal import Foundation

/// The two fully connected layers of an attention block: from one average a channel to one gate in (0, 1) a channel.
final class AttentionGate: Sendable {
  enum Kind { case squeezeExcite, shrinkage }

  let kind: Kind
  private let first: DenseLayer
  private let second: DenseLayer

  init(_ kind: Kind, first: DenseLayer, second: DenseLayer) {
    (self.kind, self.first, self.second) = (kind, first, second)
  }

  /// How many floats `apply` needs to work in.
  var scratchCount: Int { first.output }

  /// sigmoid(second(relu(first(average)))): reads and writes one float a channel; the two may not overlap.
  func apply(_ average: UnsafePointer<Float>, gate: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>) {
    first.apply(average, scratch, relu: true)
    second.apply(scratch, gate)
    for channel in 0..<second.output { gate[channel] = 1 / (1 + exp(-gate[channel])) }
  }
}
