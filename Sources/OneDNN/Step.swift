internal import COneDNN

/// One thing a plan does on each run, and what it is for. Everything it needs was allocated when the plan was made.
struct Step {
  typealias Body = (Engine) throws(OneDNNError) -> Void

  let work: Work
  let run: Body
}

/// What a step is for; training time is reported by it.
enum Work: String {
  case convolutionForward = "convolution forward"
  case convolutionData = "convolution backward, data"
  case convolutionWeights = "convolution backward, weights"
  case batchNorm = "batch norm"
  case attention
  case pooling
  case elementwise = "addition and ReLU"
  case linear
  case reorder
}

/// One call of a oneDNN primitive.
final class PrimitiveCall {
  private let primitive: Primitive
  private let arguments: UnsafeMutableBufferPointer<dnnl_exec_arg_t>
  /// What the arguments point to, kept alive.
  private let memories: [Memory]
  /// The buffers outside the arena that the memories view.
  private let shared: [AlignedBuffer]

  init(_ primitive: Primitive, _ arguments: [(index: Int32, memory: Memory)], shared: [AlignedBuffer] = []) {
    self.primitive = primitive
    self.arguments = .allocate(capacity: arguments.count)
    memories = arguments.map(\.memory)
    self.shared = shared
    for (position, argument) in arguments.enumerated() {
      self.arguments.initializeElement(
        at: position, to: dnnl_exec_arg_t(arg: argument.index, memory: argument.memory.handle))
    }
  }

  deinit { arguments.deallocate() }

  func run(on engine: Engine) throws(OneDNNError) {
    try primitive.execute(UnsafeBufferPointer(arguments), on: engine)
  }
}
