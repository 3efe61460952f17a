internal import Neural
internal import Tensors

/// A network's parameters, running statistics and gradients, each a flat buffer with named views. Used on one stream's
/// thread.
final class ParameterStore {
  let layout: ParameterLayout
  /// `layout.count` numbers.
  let values: AlignedBuffer
  /// `layout.trainableCount` numbers, 0 until a backward pass has written them.
  let gradients: AlignedBuffer

  init(_ layout: ParameterLayout) {
    self.layout = layout
    values = AlignedBuffer(layout.count)
    gradients = AlignedBuffer(layout.trainableCount)
  }

  var byteCount: Int { values.byteCount + gradients.byteCount }

  /// Takes over the tensors of `weights` that have a view, each of its view's shape.
  func load(_ weights: Weights) {
    for view in layout.views {
      if let tensor = weights[view.name] { Self.write(tensor, to: values, view) }
    }
  }

  /// A view of one of the flat buffers as a tensor of its own.
  static func read(_ buffer: AlignedBuffer, _ view: ParameterLayout.View) -> Tensor<Float> {
    Tensor(
      view.shape, UnsafeBufferPointer(start: buffer.floats + view.range.lowerBound, count: view.range.count))
  }

  static func write(_ tensor: Tensor<Float>, to buffer: AlignedBuffer, _ view: ParameterLayout.View) {
    precondition(tensor.shape == view.shape, "\(view.name) has shape \(tensor.shape), not \(view.shape)")
    tensor.withUnsafeBufferPointer { source in
      guard let base = source.baseAddress else { return }
      (buffer.floats + view.range.lowerBound).update(from: base, count: source.count)
    }
  }
}
