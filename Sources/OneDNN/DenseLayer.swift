internal import Tensors

/// A fully connected layer, y = W·x + b, for the small vectors of attention blocks and the classifier: at most 512×512,
/// where one sample is 0.3 M multiply-adds and oneDNN's call costs as much as the work.
///
/// The weights lie input-major, `[in][out]`, so that the inner loop runs over contiguous outputs.
final class DenseLayer: Sendable {
  let input: Int
  let output: Int
  private let weights: AlignedBuffer
  private let bias: AlignedBuffer

  /// From `weight` `[out, in]` and `bias` `[out]`; each output is also scaled and shifted, which folds a batch norm in.
  init(weight: Tensor<Float>, bias: Tensor<Float>, folding norm: FoldedBatchNorm? = nil) {
    (output, input) = (weight.shape[0], weight.shape[1])
    weights = AlignedBuffer(weight.count)
    self.bias = AlignedBuffer(output)
    for row in 0..<output {
      let scale = norm?.scale[row] ?? 1
      for column in 0..<input {
        weights.floats[column * output + row] = Float(Double(weight[row * input + column]) * scale)
      }
      self.bias.floats[row] = Float(Double(bias[row]) * scale + (norm?.shift[row] ?? 0))
    }
  }

  /// Reads `input` floats at `source`, writes `output` floats at `target`, which must not overlap.
  func apply(_ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, relu: Bool = false) {
    let (output, bias) = (output, bias.floats)
    for row in 0..<output { target[row] = bias[row] }
    for column in 0..<input {
      let factor = source[column]
      let weights = self.weights.floats + column * output
      for row in 0..<output { target[row] += weights[row] * factor }
    }
    if relu { for row in 0..<output where target[row] < 0 { target[row] = 0 } }
  }
}

/// A batch norm with its running statistics as one multiplication and one addition a channel, in Double.
struct FoldedBatchNorm {
  let scale: [Double]
  let shift: [Double]
}
