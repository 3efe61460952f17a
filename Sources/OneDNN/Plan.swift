internal import Tensors

/// A network compiled for one batch size: steps in order over one arena of activations. Lives on, and is run by, the
/// thread that made it; a run allocates nothing.
final class Plan {
  /// A value that outlives the run, row-major in the arena; fp32, whatever the network computes in.
  struct Result {
    let values: UnsafeMutablePointer<Float>
    let shape: Shape

    /// A copy of it.
    var tensor: Tensor<Float> { Tensor(shape, UnsafeBufferPointer(start: values, count: shape.count)) }

    /// Copies a tensor of its shape into it.
    func fill(with tensor: Tensor<Float>) {
      tensor.withUnsafeBufferPointer { source in
        if let base = source.baseAddress { values.update(from: base, count: source.count) }
      }
    }
  }

  let input: Result
  let output: Result
  let taps: [(name: String, value: Result)]
  private let engine: Engine
  private let arena: ArenaMemory
  private let steps: [Step]

  init(
    engine: Engine, arena: ArenaMemory, steps: [Step], input: Result, output: Result,
    taps: [(name: String, value: Result)]
  ) {
    (self.engine, self.arena, self.steps) = (engine, arena, steps)
    (self.input, self.output, self.taps) = (input, output, taps)
  }

  /// The memory for activations and scratch, without weights.
  var activationByteCount: Int { arena.buffer.byteCount }

  /// Computes the output, and `taps`, from an input of `input`'s shape.
  func run(_ values: Tensor<Float>) throws(OneDNNError) -> Tensor<Float> {
    input.fill(with: values)
    for step in steps { try step.run(engine) }
    try engine.wait()
    return output.tensor
  }
}
