package import Neural
internal import Synchronization
package import Tensors

/// A network and its weights made ready for compilation: checked once, and the place where streams share what they
/// pack, so that eight streams hold one copy of VGG16's 59 MB.
///
/// Immutable but for a cache behind a lock; may be used from any thread.
package final class PreparedNetwork: Sendable {
  package let network: Network

  let weights: Weights

  /// Throws unless `weights` are exactly those of `network`.
  package init(_ network: Network, weights: Weights) throws(NetworkError) {
    try network.validate(weights)
    self.network = network
    self.weights = weights
  }
}
