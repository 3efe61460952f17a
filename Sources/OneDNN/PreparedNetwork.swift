internal import COneDNN
package import Neural
internal import Synchronization
package import Tensors

/// A network and its weights made ready for compilation: checked once, and the place where streams share what they
/// pack, so that eight streams hold one copy of VGG16's 59 MB.
///
/// Immutable but for a cache behind a lock; may be used from any thread. Weights that borrow a mapped file are read
/// during compilation only, so their pages cost memory just then.
package final class PreparedNetwork: Sendable {
  package let network: Network

  let weights: Weights
  private let cache = Mutex(Cache())

  private struct Cache: Sendable {
    /// What one convolution's weights became, by layout: the memory and its description.
    struct Packed: Sendable {
      let layout: MemoryDescriptor
      let buffer: AlignedBuffer
    }

    /// A convolution and the batch norm folded into it; where the batch norm's input is tapped, it stays unfolded.
    struct Convolution: Hashable, Sendable {
      let node: Int
      let batchNorm: Int?
    }

    var packed: [Convolution: [Packed]] = [:]
    var biases: [Convolution: AlignedBuffer] = [:]
    var dense: [Int: DenseLayer] = [:]
    var gates: [Int: AttentionGate] = [:]
  }

  /// Throws unless `weights` are exactly those of `network`.
  package init(_ network: Network, weights: Weights) throws(NetworkError) {
    try network.validate(weights)
    self.network = network
    self.weights = weights
  }

  /// How many bytes of packed convolution weights the streams share so far.
  package var packedByteCount: Int {
    cache.withLock { cache in cache.packed.values.joined().reduce(0) { $0 + $1.buffer.byteCount } }
  }

  /// A convolution's weights in the layout an implementation asks for, its batch norm folded in. `pack` turns plain
  /// `[O, I, H, W]` into it and runs once for each layout, with other streams waiting.
  func packedWeights(
    node: Int, batchNorm: Int?, _ layout: MemoryDescriptor,
    pack: (Tensor<Float>, AlignedBuffer) throws(OneDNNError) -> Void
  ) throws(OneDNNError) -> AlignedBuffer {
    try cache.withLock { (cache) throws(OneDNNError) -> AlignedBuffer in
      let key = Cache.Convolution(node: node, batchNorm: batchNorm)
      if let known = cache.packed[key]?.first(where: { $0.layout.isSame(as: layout) }) { return known.buffer }
      let buffer = AlignedBuffer(byteCount: layout.byteCount)
      try pack(foldedWeight(node: node, batchNorm: batchNorm), buffer)
      cache.packed[key, default: []].append(Cache.Packed(layout: layout, buffer: buffer))
      return buffer
    }
  }

  /// A convolution's bias, its batch norm folded in, `[O]`; zeros where it has neither.
  func bias(node: Int, batchNorm: Int?) -> AlignedBuffer {
    cache.withLock { cache in
      let key = Cache.Convolution(node: node, batchNorm: batchNorm)
      if let known = cache.biases[key] { return known }
      let bias = weights["\(network.nodes[node].name).bias"]
      let norm = batchNorm.map { foldedBatchNorm(prefix: network.nodes[$0].name) }
      let channels = weights["\(network.nodes[node].name).weight"]!.shape[0]
      let buffer = AlignedBuffer(channels)
      for channel in 0..<channels {
        let own = Double(bias?[channel] ?? 0)
        buffer.floats[channel] = Float(own * (norm?.scale[channel] ?? 1) + (norm?.shift[channel] ?? 0))
      }
      cache.biases[key] = buffer
      return buffer
    }
  }

  /// The linear layer of a node.
  func dense(node: Int) -> DenseLayer {
    cache.withLock { cache in
      if let known = cache.dense[node] { return known }
      let layer = denseLayer(prefix: network.nodes[node].name)
      cache.dense[node] = layer
      return layer
    }
  }

  /// The gate of an attention node.
  func gate(node: Int) -> AttentionGate {
    cache.withLock { cache in
      if let known = cache.gates[node] { return known }
      guard let layer = network.nodes[node].layer.attention else { preconditionFailure("no attention") }
      let gate = AttentionGate(layer, prefix: network.nodes[node].name, in: self)
      cache.gates[node] = gate
      return gate
    }
  }

  // The names below are there: the initializer has validated the weights.

  /// A linear layer, with the batch norm of that prefix folded in where one is given.
  func denseLayer(prefix: String, foldingBatchNorm norm: String? = nil) -> DenseLayer {
    DenseLayer(
      weight: weights["\(prefix).weight"]!, bias: weights["\(prefix).bias"]!,
      folding: norm.map { foldedBatchNorm(prefix: $0) })
  }

  private func foldedBatchNorm(prefix: String) -> FoldedBatchNorm {
    let (gamma, beta) = (weights["\(prefix).weight"]!, weights["\(prefix).bias"]!)
    let (mean, variance) = (weights["\(prefix).running_mean"]!, weights["\(prefix).running_var"]!)
    let scale = (0..<gamma.count).map { Double(gamma[$0]) / (Double(variance[$0]) + batchNormEpsilon).squareRoot() }
    let shift = (0..<gamma.count).map { Double(beta[$0]) - Double(mean[$0]) * scale[$0] }
    return FoldedBatchNorm(scale: scale, shift: shift)
  }

  private func foldedWeight(node: Int, batchNorm: Int?) -> Tensor<Float> {
    let weight = weights["\(network.nodes[node].name).weight"]!
    guard let batchNorm else { return weight }
    let norm = foldedBatchNorm(prefix: network.nodes[batchNorm].name)
    let each = weight.count / weight.shape[0]
    return Tensor(uninitialized: weight.shape) { target in
      weight.withUnsafeBufferPointer { source in
        for channel in 0..<weight.shape[0] {
          let scale = norm.scale[channel]
          for index in channel * each..<(channel + 1) * each { target[index] = Float(Double(source[index]) * scale) }
        }
      }
    }
  }
}
