internal import Neural

/// Batch norm over the rows of `[N, C]`, forward and backward: what an attention block's small network needs.
/// Normalises by the batch's own statistics, or by running ones, which are constants then. Sums in Double; the work is
/// nothing beside a convolution's.
final class RowBatchNorm {
  let rows: Int
  let channels: Int
  /// The mean and (biased) variance of each channel: the batch's after `forward`, or the running ones it reads.
  let mean: AlignedBuffer
  let variance: AlignedBuffer
  private let isOfBatch: Bool
  /// (x − mean)/√(variance + ε), `[N, C]`, and 1/√(variance + ε), `[C]`, kept for `backward`.
  private let normalized: AlignedBuffer
  private let inverse: AlignedBuffer

  /// `running` are the mean and variance to normalise by, nil to use the batch's.
  init(rows: Int, channels: Int, running: (mean: AlignedBuffer, variance: AlignedBuffer)?) {
    (self.rows, self.channels) = (rows, channels)
    isOfBatch = running == nil
    mean = running?.mean ?? AlignedBuffer(channels)
    variance = running?.variance ?? AlignedBuffer(channels)
    normalized = AlignedBuffer(rows * channels)
    inverse = AlignedBuffer(channels)
  }

  /// y = γ·x̂ + β; `y` may be `x`.
  func forward(
    _ x: UnsafePointer<Float>, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>,
    into y: UnsafeMutablePointer<Float>
  ) {
    for channel in 0..<channels {
      var (center, spread) = (Double(mean.floats[channel]), Double(variance.floats[channel]))
      if isOfBatch {
        (center, spread) = statistics(x, channel)
        (mean.floats[channel], variance.floats[channel]) = (Float(center), Float(spread))
      }
      let factor = 1 / (spread + batchNormEpsilon).squareRoot()
      inverse.floats[channel] = Float(factor)
      for row in 0..<rows {
        let value = (Double(x[row * channels + channel]) - center) * factor
        normalized.floats[row * channels + channel] = Float(value)
        y[row * channels + channel] = Float(value * Double(scale[channel]) + Double(shift[channel]))
      }
    }
  }

  private func statistics(_ x: UnsafePointer<Float>, _ channel: Int) -> (mean: Double, variance: Double) {
    var (sum, squares) = (0.0, 0.0)
    for row in 0..<rows { sum += Double(x[row * channels + channel]) }
    let center = sum / Double(rows)
    for row in 0..<rows {
      let distance = Double(x[row * channels + channel]) - center
      squares += distance * distance
    }
    return (center, squares / Double(rows))
  }

  /// dγ = Σ dy·x̂, dβ = Σ dy, dx = γ/√(variance + ε)·(dy − mean(dy) − x̂·mean(dy·x̂)), without the two means where the
  /// statistics are constants; `dx` may be `dy`.
  func backward(
    _ dy: UnsafePointer<Float>, scale: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
    dscale: UnsafeMutablePointer<Float>?, dshift: UnsafeMutablePointer<Float>?
  ) {
    for channel in 0..<channels {
      var (sum, product) = (0.0, 0.0)
      for row in 0..<rows {
        let gradient = Double(dy[row * channels + channel])
        sum += gradient
        product += gradient * Double(normalized.floats[row * channels + channel])
      }
      dscale?[channel] = Float(product)
      dshift?[channel] = Float(sum)
      if !isOfBatch { (sum, product) = (0, 0) }
      let factor = Double(scale[channel]) * Double(inverse.floats[channel])
      for row in 0..<rows {
        let index = row * channels + channel
        let distance =
          Double(dy[index]) - sum / Double(rows) - Double(normalized.floats[index]) * product / Double(rows)
        dx[index] = Float(factor * distance)
      }
    }
  }
}
