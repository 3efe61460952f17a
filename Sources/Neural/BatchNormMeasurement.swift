package import Tensors

/// A network run on one batch with the batch's own statistics in every batch norm, as in training.
package struct BatchNormMeasurement: Sendable {
  /// What a batch norm saw, over the samples and, for feature maps, the positions: each channel's mean and biased
  /// variance (divided by n, as the batch itself is normalised), `[C]`, and over how many numbers a channel.
  package typealias Statistics = (mean: Tensor<Float>, variance: Tensor<Float>, count: Int)

  /// By batch norm prefix, such as `layer1.0.bn1` or `layer1.0.shrink.bn`.
  package let statistics: [String: Statistics]

  /// The network's output for the batch.
  package let output: Tensor<Float>

  /// `weights` with the measured statistics as running ones. With the biased variance, inference on the very same
  /// batch then gives the measured output again.
  package func applied(to weights: Weights) -> Weights {
    var weights = weights
    for (prefix, statistics) in statistics {
      weights["\(prefix).running_mean"] = statistics.mean
      weights["\(prefix).running_var"] = statistics.variance
    }
    return weights
  }
}
