package import Tensors

/// Every layer's backward formula in plain loops: given dL/dy, the gradient of a loss at the layer's value, the
/// gradients at its inputs and parameters. As slow, checkable and specialised as `ReferenceLayers`; callers have
/// checked the shapes.
///
/// Each gradient is summed in Double, in index order, and rounded once, so that the Float version is off by the
/// rounding of what it is given and what it returns alone.
package enum ReferenceGradients<Scalar: ReferenceScalar> {
  /// dx of relu: dy where x > 0; 0 at 0. NaN lets dy pass, as in PyTorch.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func relu(_ dy: Tensor<Scalar>, x: Tensor<Scalar>) -> Tensor<Scalar> {
    ReferenceLayers.combine(dy, x) { dy, x in x <= 0 ? 0 : dy }
  }

  /// dx of the sigmoid from its value `y`: dy·y·(1 − y).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func sigmoid(_ dy: Tensor<Scalar>, y: Tensor<Scalar>) -> Tensor<Scalar> {
    ReferenceLayers.combine(dy, y) { dy, y in dy * y * (1 - y) }
  }

  /// dx of max pooling over `x` `[N, C, H, W]`: each dy goes to the window's largest element, to the first in row-major
  /// order where several are equal, as in PyTorch.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func maxPool(_ dy: Tensor<Scalar>, x: Tensor<Scalar>, _ window: Window) -> Tensor<Scalar> {
    let (height, width, rows, columns) = (x.shape[2], x.shape[3], dy.shape[2], dy.shape[3])
    return accumulated(x.shape) { dx in
      for output in 0..<dy.count {
        let (plane, oy, ox) = (output / (rows * columns), output / columns % rows, output % columns)
        let (top, left) = (oy * window.stride - window.padding, ox * window.stride - window.padding)
        var (largest, winner) = (-Scalar.infinity, Int?.none)
        for iy in max(0, top)..<min(height, top + window.kernel) {
          for ix in max(0, left)..<min(width, left + window.kernel) {
            let position = (plane * height + iy) * width + ix
            if winner == nil || x[position] > largest || x[position].isNaN {
              (largest, winner) = (x[position], position)
            }
          }
        }
        if let winner { dx[winner] += Double(dy[output]) }
      }
    }
  }

  /// dx of the mean over positions, `dy` `[N, C]` → `[N, C, H, W]`: dy/(H·W) at each position, times sign(x) (0 at 0)
  /// for the mean of absolute values.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func averages(
    _ dy: Tensor<Scalar>, x: Tensor<Scalar>, absolute: Bool = false
  ) -> Tensor<Scalar> {
    let positions = x.shape[2] * x.shape[3]
    return Tensor(uninitialized: x.shape) { dx in
      x.withUnsafeBufferPointer { x in
        dy.withUnsafeBufferPointer { dy in
          for index in 0..<dx.count {
            let share = dy[index / positions] / Scalar(positions)
            let sign: Scalar = x[index] > 0 ? 1 : x[index] < 0 ? -1 : 0
            dx.initializeElement(at: index, to: absolute ? share * sign : share)
          }
        }
      }
    }
  }

  /// dx `[N, I]`, dW `[O, I]` and db `[O]` of y = W·x + b: Wᵀ·dy, Σ_n dy·xᵀ and Σ_n dy.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func linear(
    _ dy: Tensor<Scalar>, x: Tensor<Scalar>, weight: Tensor<Scalar>
  ) -> (input: Tensor<Scalar>, weight: Tensor<Scalar>, bias: Tensor<Scalar>) {
    let (samples, input, output) = (x.shape[0], weight.shape[1], weight.shape[0])
    let dx = accumulated(x.shape) { dx in
      weight.withUnsafeBufferPointer { weight in
        dy.withUnsafeBufferPointer { dy in
          for (sample, row) in pairs(samples, output) {
            let factor = Double(dy[sample * output + row])
            for column in 0..<input {
              dx[sample * input + column] += factor * Double(weight[row * input + column])
            }
          }
        }
      }
    }
    let dw = accumulated(weight.shape) { dw in
      x.withUnsafeBufferPointer { x in
        dy.withUnsafeBufferPointer { dy in
          for (sample, row) in pairs(samples, output) {
            let factor = Double(dy[sample * output + row])
            for column in 0..<input { dw[row * input + column] += factor * Double(x[sample * input + column]) }
          }
        }
      }
    }
    return (dx, dw, channelSums(dy))
  }

  /// Σ dy over samples and positions, `[N, C, …]` → `[C]`: the gradient of a bias.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func channelSums(_ dy: Tensor<Scalar>) -> Tensor<Scalar> {
    let channels = dy.shape[1]
    let positions = dy.count / max(1, dy.shape[0] * channels)
    return accumulated([channels]) { sums in
      dy.withUnsafeBufferPointer { dy in
        for index in 0..<dy.count { sums[index / positions % channels] += Double(dy[index]) }
      }
    }
  }

  /// dx of softmax over rows from its value `y` `[N, K]`: y·(dy − Σ_k dy_k·y_k).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func softmax(_ dy: Tensor<Scalar>, y: Tensor<Scalar>) -> Tensor<Scalar> {
    let classes = y.shape[1]
    return accumulated(y.shape) { dx in
      y.withUnsafeBufferPointer { y in
        dy.withUnsafeBufferPointer { dy in
          for row in 0..<y.count / classes {
            let range = row * classes..<(row + 1) * classes
            var projection = 0.0
            for index in range { projection += Double(dy[index]) * Double(y[index]) }
            for index in range { dx[index] = Double(y[index]) * (Double(dy[index]) - projection) }
          }
        }
      }
    }
  }

  /// dx and dτ `[N, C]` of y = sign(x)·max(|x| − τ_c, 0), τ ≥ 0: where |x| > τ, dx = dy and dτ = −Σ dy·sign(x); 0
  /// elsewhere. The edge |x| = τ counts as outside, as 0 does for `relu` (PyTorch 2's clamp does the same).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func softThreshold(
    _ dy: Tensor<Scalar>, x: Tensor<Scalar>, thresholds: Tensor<Scalar>
  ) -> (input: Tensor<Scalar>, thresholds: Tensor<Scalar>) {
    let positions = x.shape[2] * x.shape[3]
    let dt = accumulated(thresholds.shape) { dt in
      for index in 0..<x.count where abs(x[index]) > thresholds[index / positions] {
        dt[index / positions] -= Double(x[index] > 0 ? dy[index] : -dy[index])
      }
    }
    let dx = Tensor<Scalar>(uninitialized: x.shape) { dx in
      for index in 0..<x.count {
        dx.initializeElement(at: index, to: abs(x[index]) > thresholds[index / positions] ? dy[index] : 0)
      }
    }
    return (dx, dt)
  }

  /// dx and dg `[N, C]` of y = x·g_c: dy·g and Σ dy·x over the positions.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func scale(
    _ dy: Tensor<Scalar>, x: Tensor<Scalar>, gates: Tensor<Scalar>
  ) -> (input: Tensor<Scalar>, gates: Tensor<Scalar>) {
    let positions = x.shape[2] * x.shape[3]
    let dg = accumulated(gates.shape) { dg in
      for index in 0..<x.count { dg[index / positions] += Double(dy[index]) * Double(x[index]) }
    }
    return (ReferenceLayers.scale(dy, gates: gates), dg)
  }

  /// A tensor of sums that `body` adds up in Double, from zero.
  @inline(__always)
  static func accumulated(
    _ shape: Shape, _ body: (UnsafeMutableBufferPointer<Double>) -> Void
  ) -> Tensor<Scalar> {
    var sums = Tensor<Double>(repeating: 0, shape)
    sums.withUnsafeMutableBufferPointer { body($0) }
    return sums.converted()
  }

  /// All (i, j) with i below `rows` and j below `columns`, row by row.
  @inline(__always)
  private static func pairs(_ rows: Int, _ columns: Int) -> some Sequence<(Int, Int)> {
    (0..<rows * columns).lazy.map { ($0 / columns, $0 % columns) }
  }
}
