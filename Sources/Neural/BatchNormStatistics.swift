package import Tensors

/// What one batch norm layer saw in a batch, over the samples and, for feature maps, the positions.
package struct BatchNormStatistics: Sendable {
  /// The mean of each channel, `[C]`.
  package let mean: Tensor<Float>

  /// The biased variance (divided by n) of each channel, `[C]`: what the batch itself is normalised with.
  package let variance: Tensor<Float>

  /// How many numbers each channel's statistics are over.
  package let count: Int

  package init(mean: Tensor<Float>, variance: Tensor<Float>, count: Int) {
    self.mean = mean
    self.variance = variance
    self.count = count
  }

  /// The variance times n/(n − 1), which is what PyTorch puts into `running_var`.
  package var unbiasedVariance: Tensor<Float> {
    let factor = count > 1 ? Float(Double(count) / Double(count - 1)) : 1
    return Tensor(variance.shape, variance.elements.map { $0 * factor })
  }
}

/// A network run on one batch with the batch's own statistics in every batch norm, as in training.
package struct BatchNormMeasurement: Sendable {
  /// By batch norm prefix, such as `layer1.0.bn1` or `layer1.0.shrink.bn`.
  package let statistics: [String: BatchNormStatistics]

  /// The network's output for the batch.
  package let output: Tensor<Float>

  package init(statistics: [String: BatchNormStatistics], output: Tensor<Float>) {
    self.statistics = statistics
    self.output = output
  }

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
