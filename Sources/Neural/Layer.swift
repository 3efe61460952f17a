/// One operation of a network, with everything but its parameters' values.
///
/// Feature maps are `[N, C, H, W]`, vectors `[N, K]`.
package enum Layer: Hashable, Sendable {
  /// Cross-correlation, `[N, in, H, W]` → `[N, out, H', W']`, H' = ⌊(H + 2·padding − kernel)/stride⌋ + 1.
  case convolution(Convolution)

  /// y = γ·(x − mean)/√(variance + epsilon) + β per channel, with running statistics; of `[N, C, H, W]` or `[N, C]`.
  case batchNorm(channels: Int)

  /// max(x, 0).
  case relu

  /// The largest value of each window; padding never wins.
  case maxPool(Window)

  /// The mean over the positions of each channel, `[N, C, H, W]` → `[N, C]`.
  case globalAveragePool

  /// y = W·x + b, `[N, in]` → `[N, out]`.
  case linear(input: Int, output: Int)

  /// The elementwise sum of two inputs of one shape.
  case add

  /// Channel attention (paper section 5), `[N, C, H, W]` → the same.
  case attention(AttentionLayer)

  /// exp(x)/Σexp(x) over the last axis of `[N, K]`.
  case softmax
}

/// A convolution's geometry; always square, one group, no dilation.
package struct Convolution: Hashable, Sendable {
  package var input: Int
  package var output: Int
  package var kernel: Int
  package var stride: Int
  package var padding: Int
  package var hasBias: Bool

  package init(_ input: Int, _ output: Int, kernel: Int, stride: Int = 1, padding: Int = 0, hasBias: Bool) {
    self.input = input
    self.output = output
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.hasBias = hasBias
  }
}

/// A pooling window's geometry; always square.
package struct Window: Hashable, Sendable {
  package var kernel: Int
  package var stride: Int
  package var padding: Int

  package init(kernel: Int, stride: Int, padding: Int = 0) {
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  /// The number of windows along an axis of `extent` elements, nil where none fits.
  package func positions(along extent: Int) -> Int? {
    let span = extent + 2 * padding - kernel
    return span < 0 ? nil : span / stride + 1
  }
}

extension Convolution {
  package var window: Window { Window(kernel: kernel, stride: stride, padding: padding) }
}

/// Batch normalisation's epsilon, the one torchvision and the paper's method use everywhere.
package let batchNormEpsilon = 1e-5

/// The share of each batch in the running statistics, PyTorch's default.
package let batchNormMomentum = 0.1
