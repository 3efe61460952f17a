internal import Tensors

/// A network compiled for one batch size: steps in order over one arena of activations. Lives on, and is run by, the
/// thread that made it; a run allocates nothing.
final class Plan {
  /// A value that outlives the run, row-major in the arena; fp32, whatever the network computes in.
  struct Result {
    let values: UnsafeMutablePointer<Float>
    let shape: Shape

    var buffer: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: values, count: shape.count) }
  }

  let input: Result
  let output: Result
  let taps: [(name: String, value: Result)]
  private let engine: Engine
  private let arena: ArenaMemory
  private let steps: [any Step]

  init(
    engine: Engine, arena: ArenaMemory, steps: [any Step], input: Result, output: Result,
    taps: [(name: String, value: Result)]
  ) {
    (self.engine, self.arena, self.steps) = (engine, arena, steps)
    (self.input, self.output, self.taps) = (input, output, taps)
  }

  /// The memory for activations and scratch, without weights.
  var activationByteCount: Int { arena.buffer.byteCount }

  /// Computes `output` and `taps` from `input`, which it overwrites.
  func run() throws(OneDNNError) {
    for step in steps { try step.execute(on: engine) }
    try engine.wait()
  }
}
