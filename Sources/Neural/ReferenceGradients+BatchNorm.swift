package import Tensors

extension ReferenceGradients {
  /// The gradients at a batch norm's input `[N, C, …]` and at γ and β `[C]`.
  ///
  /// Backward through y = γ·x̂ + β, x̂ = (x − mean)/√(variance + ε), per channel: dβ = Σ dy, dγ = Σ dy·x̂, and
  ///
  /// - with `ofBatch`, where mean and (biased) variance are those of `x` itself, over n numbers a channel:
  ///   dx = γ/√(variance + ε)·(dy − dβ/n − x̂·dγ/n);
  /// - without, where they are constants, as in evaluation mode: dx = γ/√(variance + ε)·dy.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func batchNorm(
    _ dy: Tensor<Scalar>, x: Tensor<Scalar>, scale: Tensor<Scalar>, mean: Tensor<Scalar>, variance: Tensor<Scalar>,
    ofBatch: Bool
  ) -> (input: Tensor<Scalar>, scale: Tensor<Scalar>, shift: Tensor<Scalar>) {
    let channels = x.shape[1]
    let positions = x.count / max(1, x.shape[0] * channels)
    let count = Double(x.shape[0] * positions)
    var (dScale, dShift) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    let inverse = (0..<channels).map { 1 / (Double(variance[$0]) + batchNormEpsilon).squareRoot() }
    let dx = Tensor<Scalar>(uninitialized: x.shape) { dx in
      x.withUnsafeBufferPointer { x in
        dy.withUnsafeBufferPointer { dy in
          for index in 0..<x.count {
            let channel = index / positions % channels
            dShift[channel] += Double(dy[index])
            dScale[channel] += Double(dy[index]) * (Double(x[index]) - Double(mean[channel])) * inverse[channel]
          }
          for index in 0..<x.count {
            let channel = index / positions % channels
            let normalized = (Double(x[index]) - Double(mean[channel])) * inverse[channel]
            let centered = ofBatch ? (dShift[channel] + normalized * dScale[channel]) / count : 0
            let value = Double(scale[channel]) * inverse[channel] * (Double(dy[index]) - centered)
            dx.initializeElement(at: index, to: Scalar(value))
          }
        }
      }
    }
    return (
      dx, Tensor<Double>([channels], dScale).converted(), Tensor<Double>([channels], dShift).converted()
    )
  }
}

extension ReferenceLayers {
  /// The running mean and variance after a batch whose mean and biased variance over `count` numbers a channel are
  /// given: (1 − m)·old + m·batch, with m = `batchNormMomentum` and the batch's variance times n/(n − 1), as PyTorch.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func runningStatistics(
    mean: Tensor<Scalar>, variance: Tensor<Scalar>, batchMean: Tensor<Scalar>, batchVariance: Tensor<Scalar>, count: Int
  ) -> (mean: Tensor<Scalar>, variance: Tensor<Scalar>) {
    precondition(count > 1, "the unbiased variance of \(count) numbers is not defined")
    func blended(_ old: Tensor<Scalar>, _ batch: Tensor<Scalar>, _ factor: Double) -> Tensor<Scalar> {
      Tensor(uninitialized: old.shape) { target in
        for index in 0..<target.count {
          let value = (1 - batchNormMomentum) * Double(old[index]) + batchNormMomentum * factor * Double(batch[index])
          target.initializeElement(at: index, to: Scalar(value))
        }
      }
    }
    return (blended(mean, batchMean, 1), blended(variance, batchVariance, Double(count) / Double(count - 1)))
  }
}
