package import Tensors

extension ReferenceGradients {
  /// dx of a convolution, in the shape `input` `[N, I, H, W]`, from `dy` `[N, O, H', W']`: each input element sums
  /// weight·dy over the outputs it took part in, dx[i, y·s + ky − p, x·s + kx − p] += W[o, i, ky, kx]·dy[o, y, x].
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func convolutionInput(
    _ dy: Tensor<Scalar>, weight: Tensor<Scalar>, input: Shape, _ c: Convolution
  ) -> Tensor<Scalar> {
    let taps = ConvolutionTaps(input: input, output: dy.shape, c)
    return accumulated(input) { dx in
      dy.withUnsafeBufferPointer { dy in
        weight.withUnsafeBufferPointer { weight in
          for sample in 0..<input[0] {
            taps.forEachRow(of: sample) { tap, target, source, columns in
              let factor = Double(weight[tap])
              for x in 0..<columns { dx[source + x * c.stride] += factor * Double(dy[target + x]) }
            }
          }
        }
      }
    }
  }

  /// dW `[O, I, K, K]` of a convolution of `x` `[N, I, H, W]`: dW[o, i, ky, kx] = Σ dy[n, o, y, x] ·
  /// x[n, i, y·s + ky − p, x·s + kx − p]. The bias's gradient is `channelSums(dy)`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func convolutionWeight(_ dy: Tensor<Scalar>, x: Tensor<Scalar>, _ c: Convolution) -> Tensor<Scalar> {
    let taps = ConvolutionTaps(input: x.shape, output: dy.shape, c)
    let samples = x.shape[0]
    return accumulated([c.output, c.input, c.kernel, c.kernel]) { dw in
      dy.withUnsafeBufferPointer { dy in
        x.withUnsafeBufferPointer { x in
          for sample in 0..<samples {
            taps.forEachRow(of: sample) { tap, target, source, columns in
              var sum = 0.0
              for index in 0..<columns { sum += Double(dy[target + index]) * Double(x[source + index * c.stride]) }
              dw[tap] += sum
            }
          }
        }
      }
    }
  }
}

/// Which input elements each weight of a convolution meets.
private struct ConvolutionTaps {
  let convolution: Convolution
  /// The input's and the output's heights and widths.
  let height, width, rows, columns: Int

  init(input: Shape, output: Shape, _ convolution: Convolution) {
    self.convolution = convolution
    (height, width, rows, columns) = (input[2], input[3], output[2], output[3])
  }

  /// Calls `body` for each weight and each output row of a sample, with the weight's position, the positions of the
  /// first output element and the first input element that meet through it, and how many outputs in the row do; their
  /// inputs are `stride` apart.
  @inline(__always)
  func forEachRow(of sample: Int, _ body: (Int, Int, Int, Int) -> Void) {
    let c = convolution
    for tap in 0..<c.output * c.input * c.kernel * c.kernel {
      let (kx, ky) = (tap % c.kernel, tap / c.kernel % c.kernel)
      let (input, output) = (tap / (c.kernel * c.kernel) % c.input, tap / (c.kernel * c.kernel * c.input))
      // The outputs whose input column ox·stride + kx − padding lies inside the image.
      let first = max(0, (c.padding - kx + c.stride - 1) / c.stride)
      guard width - 1 + c.padding - kx >= 0 else { continue }
      let last = min(columns - 1, (width - 1 + c.padding - kx) / c.stride)
      guard first <= last else { continue }
      for oy in 0..<rows {
        let iy = oy * c.stride + ky - c.padding
        guard iy >= 0, iy < height else { continue }
        let target = ((sample * c.output + output) * rows + oy) * columns + first
        let source = ((sample * c.input + input) * height + iy) * width + first * c.stride + kx - c.padding
        body(tap, target, source, last - first + 1)
      }
    }
  }
}
