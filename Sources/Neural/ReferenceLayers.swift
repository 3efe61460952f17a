package import Tensors

/// Every layer's formula in plain loops over row-major tensors: slow, easy to check by eye, and the judge of the fast
/// backend. Generic over Float and Double; callers have checked the shapes.
///
/// Callers stand in other modules: each function is specialised for both element types, or it would run unspecialised,
/// some fifty times slower.
///
/// Sums run in the element type, in index order, unless a comment says otherwise. NaN passes through every layer, as it
/// does in PyTorch, so that a training run that has gone astray is seen to have.
package enum ReferenceLayers<Scalar: ReferenceScalar> {
  /// `x` `[N, I, H, W]`, `weight` `[O, I, K, K]`, `bias` `[O]` or none → `[N, O, H', W']`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func convolution(
    _ x: Tensor<Scalar>, weight: Tensor<Scalar>, bias: Tensor<Scalar>?, _ c: Convolution
  ) -> Tensor<Scalar> {
    let (n, height, width) = (x.shape[0], x.shape[2], x.shape[3])
    guard let rows = c.window.positions(along: height), let columns = c.window.positions(along: width) else {
      preconditionFailure("an input of \(x.shape) is smaller than a \(c.kernel)×\(c.kernel) kernel")
    }
    return Tensor(uninitialized: [n, c.output, rows, columns]) { y in
      x.withUnsafeBufferPointer { x in
        weight.withUnsafeBufferPointer { weight in
          for plane in 0..<n * c.output {
            let (sample, channel) = (plane / c.output, plane % c.output)
            let target = UnsafeMutableBufferPointer(rebasing: y[plane * rows * columns..<(plane + 1) * rows * columns])
            target.initialize(repeating: bias?[channel] ?? 0)
            for tap in 0..<c.input * c.kernel * c.kernel {
              let (input, ky, kx) = (tap / (c.kernel * c.kernel), tap / c.kernel % c.kernel, tap % c.kernel)
              let factor = weight[channel * c.input * c.kernel * c.kernel + tap]
              // The outputs whose input column ox·stride + kx − padding lies inside the image.
              let first = max(0, (c.padding - kx + c.stride - 1) / c.stride)
              let last = min(columns - 1, (width - 1 + c.padding - kx) / c.stride)
              guard width - 1 + c.padding - kx >= 0, first <= last else { continue }
              for oy in 0..<rows {
                let iy = oy * c.stride + ky - c.padding
                guard iy >= 0, iy < height else { continue }
                let source = ((sample * c.input + input) * height + iy) * width + kx - c.padding
                let row = oy * columns
                if c.stride == 1 {
                  for ox in first...last { target[row + ox] += factor * x[source + ox] }
                } else {
                  for ox in first...last { target[row + ox] += factor * x[source + ox * c.stride] }
                }
              }
            }
          }
        }
      }
    }
  }

  /// γ·(x − mean)/√(variance + ε) + β for each channel of `[N, C, H, W]` or `[N, C]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func batchNorm(
    _ x: Tensor<Scalar>, scale: Tensor<Scalar>, shift: Tensor<Scalar>, mean: Tensor<Scalar>, variance: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let epsilon = Scalar(batchNormEpsilon)
    return mapPlanes(x) { plane, source, target in
      let channel = plane % x.shape[1]
      let factor = scale[channel] / (variance[channel] + epsilon).squareRoot()
      let (center, offset) = (mean[channel], shift[channel])
      for index in 0..<source.count { target[index] = (source[index] - center) * factor + offset }
    }
  }

  /// Mean and biased variance of each channel over samples and positions, summed in Double.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func statistics(_ x: Tensor<Scalar>) -> (mean: Tensor<Scalar>, variance: Tensor<Scalar>, count: Int) {
    let channels = x.shape[1]
    let positions = x.count / max(1, x.shape[0] * channels)
    let count = x.shape[0] * positions
    var (means, variances) = ([Scalar](), [Scalar]())
    x.withUnsafeBufferPointer { x in
      for channel in 0..<channels {
        func sum(_ term: (Double) -> Double) -> Double {
          var total = 0.0
          for sample in 0..<count / max(1, positions) {
            let base = (sample * channels + channel) * positions
            for index in base..<base + positions { total += term(Double(x[index])) }
          }
          return total
        }
        let mean = sum { $0 } / Double(count)
        means.append(Scalar(mean))
        // Around the mean, not the difference of squares, which cancels.
        variances.append(Scalar(sum { ($0 - mean) * ($0 - mean) } / Double(count)))
      }
    }
    return (Tensor([channels], means), Tensor([channels], variances), count)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func relu(_ x: Tensor<Scalar>) -> Tensor<Scalar> { map(x) { $0 < 0 ? 0 : $0 } }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func sigmoid(_ x: Tensor<Scalar>) -> Tensor<Scalar> { map(x) { 1 / (1 + Scalar.exponential(-$0)) } }

  /// The largest value of each window of `[N, C, H, W]`; positions outside do not count.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func maxPool(_ x: Tensor<Scalar>, _ window: Window) -> Tensor<Scalar> {
    let (height, width) = (x.shape[2], x.shape[3])
    guard let rows = window.positions(along: height), let columns = window.positions(along: width) else {
      preconditionFailure("an input of \(x.shape) is smaller than a \(window.kernel)×\(window.kernel) window")
    }
    return Tensor(uninitialized: [x.shape[0], x.shape[1], rows, columns]) { y in
      x.withUnsafeBufferPointer { x in
        for output in 0..<y.count {
          let (plane, oy, ox) = (output / (rows * columns), output / columns % rows, output % columns)
          let (top, left) = (oy * window.stride - window.padding, ox * window.stride - window.padding)
          var largest = -Scalar.infinity
          for iy in max(0, top)..<min(height, top + window.kernel) {
            for ix in max(0, left)..<min(width, left + window.kernel) {
              let value = x[(plane * height + iy) * width + ix]
              if value > largest || value.isNaN { largest = value }
            }
          }
          y.initializeElement(at: output, to: largest)
        }
      }
    }
  }

  /// The mean of each channel's positions, `[N, C, H, W]` → `[N, C]`; of absolute values for the shrinkage block.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func averages(_ x: Tensor<Scalar>, absolute: Bool = false) -> Tensor<Scalar> {
    let positions = x.shape[2] * x.shape[3]
    return Tensor(uninitialized: [x.shape[0], x.shape[1]]) { y in
      x.withUnsafeBufferPointer { x in
        for plane in 0..<y.count {
          var total: Scalar = 0
          for index in plane * positions..<(plane + 1) * positions { total += absolute ? abs(x[index]) : x[index] }
          y.initializeElement(at: plane, to: total / Scalar(positions))
        }
      }
    }
  }

  /// W·x + b for each row of `[N, I]`, `weight` `[O, I]`, `bias` `[O]` → `[N, O]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func linear(_ x: Tensor<Scalar>, weight: Tensor<Scalar>, bias: Tensor<Scalar>) -> Tensor<Scalar> {
    let (input, output) = (weight.shape[1], weight.shape[0])
    return Tensor(uninitialized: [x.shape[0], output]) { y in
      x.withUnsafeBufferPointer { x in
        weight.withUnsafeBufferPointer { weight in
          for index in 0..<y.count {
            let (sample, row) = (index / output, index % output)
            var total: Scalar = 0
            for column in 0..<input { total += weight[row * input + column] * x[sample * input + column] }
            y.initializeElement(at: index, to: total + bias[row])
          }
        }
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func add(_ x: Tensor<Scalar>, _ y: Tensor<Scalar>) -> Tensor<Scalar> { combine(x, y) { $0 + $1 } }

  /// Elementwise x·y of tensors of one shape.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func product(_ x: Tensor<Scalar>, _ y: Tensor<Scalar>) -> Tensor<Scalar> { combine(x, y) { $0 * $1 } }

  /// sign(x)·max(|x| − τ_c, 0) with one threshold for each sample and channel, `thresholds` `[N, C]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func softThreshold(_ x: Tensor<Scalar>, thresholds: Tensor<Scalar>) -> Tensor<Scalar> {
    mapPlanes(x) { plane, source, target in
      let threshold = thresholds[plane]
      for index in 0..<source.count {
        let magnitude = max(abs(source[index]) - threshold, 0)
        target[index] = source[index] < 0 ? -magnitude : magnitude
      }
    }
  }

  /// x·gate_c with one gate for each sample and channel, `gates` `[N, C]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func scale(_ x: Tensor<Scalar>, gates: Tensor<Scalar>) -> Tensor<Scalar> {
    mapPlanes(x) { plane, source, target in
      let gate = gates[plane]
      for index in 0..<source.count { target[index] = source[index] * gate }
    }
  }

  /// exp(x)/Σexp(x) over the rows of `[N, K]`, shifted by the row's maximum so that nothing overflows.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func softmax(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
    let classes = x.shape[1]
    return Tensor(uninitialized: x.shape) { y in
      x.withUnsafeBufferPointer { x in
        for row in 0..<x.count / classes {
          let logits = UnsafeBufferPointer(rebasing: x[row * classes..<(row + 1) * classes])
          let largest = logits.max() ?? 0
          let exponentials = logits.map { Scalar.exponential($0 - largest) }
          let sum = exponentials.reduce(0, +)
          for index in 0..<classes { y.initializeElement(at: row * classes + index, to: exponentials[index] / sum) }
        }
      }
    }
  }

  @inline(__always)
  private static func map(_ x: Tensor<Scalar>, _ body: (Scalar) -> Scalar) -> Tensor<Scalar> {
    Tensor(uninitialized: x.shape) { y in
      x.withUnsafeBufferPointer { x in
        for index in 0..<y.count { y.initializeElement(at: index, to: body(x[index])) }
      }
    }
  }

  @inline(__always)
  static func combine(
    _ x: Tensor<Scalar>, _ y: Tensor<Scalar>, _ body: (Scalar, Scalar) -> Scalar
  ) -> Tensor<Scalar> {
    Tensor(uninitialized: x.shape) { target in
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          for index in 0..<target.count { target.initializeElement(at: index, to: body(x[index], y[index])) }
        }
      }
    }
  }

  /// Calls `body` with each (sample, channel) plane's number, elements and place for results.
  @inline(__always)
  private static func mapPlanes(
    _ x: Tensor<Scalar>, _ body: (Int, UnsafeBufferPointer<Scalar>, UnsafeMutableBufferPointer<Scalar>) -> Void
  ) -> Tensor<Scalar> {
    let planes = x.shape[0] * x.shape[1]
    let positions = planes == 0 ? 0 : x.count / planes
    return Tensor(uninitialized: x.shape) { y in
      x.withUnsafeBufferPointer { x in
        for plane in 0..<planes {
          let range = plane * positions..<(plane + 1) * positions
          body(plane, UnsafeBufferPointer(rebasing: x[range]), UnsafeMutableBufferPointer(rebasing: y[range]))
        }
      }
    }
  }
}
