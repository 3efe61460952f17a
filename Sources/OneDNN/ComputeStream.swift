internal import COneDNN
package import Neural
internal import Services
package import Tensors

/// One dedicated OS thread that compiles networks, runs them and trains them, one call at a time.
///
/// oneDNN on OpenMP fixes the number of threads when a primitive is created, and OpenMP keeps it per calling thread: so
/// the thread that compiles is the thread that runs, and it is never one of Swift's cooperative pool. Several networks
/// may live on one stream; several streams run side by side.
package actor ComputeStream {
  private nonisolated let executor: ThreadExecutor

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// How many OpenMP threads each primitive uses, this stream's own included.
  package nonisolated let threads: Int

  private var engine: Engine?
  private var plans: [Int: Plan] = [:]
  private var nextPlan = 0

  /// Starts the thread; `name` is what debuggers show.
  package init(name: String, threads: Int = 1) {
    precondition(threads > 0, "a stream needs a thread")
    executor = ThreadExecutor(name: name)
    self.threads = threads
  }

  /// Compiles a network for batches of exactly `batch` samples and keeps it on this stream. Weights that another stream
  /// packed already are shared. `taps` names what `run(_:tapping:)` returns too: a node's name for its value in its own
  /// shape, `<node>.threshold` for the thresholds τ `[N, C]` that a shrinkage node chose (paper section 5.2),
  /// `<node>.gate` for the gates `[N, C]` of a squeeze-and-excitation node. A node whose value is tapped is not fused
  /// away, so such a network is for inspection, not for speed; thresholds and gates cost next to nothing.
  package func compile(
    _ prepared: PreparedNetwork, batch: Int, taps: [String] = []
  ) throws(OneDNNError) -> CompiledNetwork {
    guard batch > 0 else { throw OneDNNError(.invalidNetwork, "a batch of \(batch) samples") }
    let plan = try PlanBuilder.plan(prepared, batch: batch, taps: taps, on: currentEngine())
    defer { nextPlan += 1 }
    plans[nextPlan] = plan
    return CompiledNetwork(
      inputShape: plan.input.shape, outputShape: plan.output.shape, activationByteCount: plan.activationByteCount,
      id: nextPlan, stream: ObjectIdentifier(self))
  }

  /// Forgets a compiled network and frees its memory.
  package func remove(_ network: CompiledNetwork) {
    guard network.stream == ObjectIdentifier(self) else { return }
    plans[network.id] = nil
  }

  /// Runs a network on `[batch, C, H, W]` and returns its output.
  package func run(_ network: CompiledNetwork, _ input: Tensor<Float>) throws(OneDNNError) -> Tensor<Float> {
    try plan(of: network, for: input).run(input)
  }

  /// Runs a network and returns every tap by the name it was asked for.
  package func run(
    _ network: CompiledNetwork, tapping input: Tensor<Float>
  ) throws(OneDNNError) -> (output: Tensor<Float>, taps: [String: Tensor<Float>]) {
    let plan = try plan(of: network, for: input)
    let output = try plan.run(input)
    var taps: [String: Tensor<Float>] = [:]
    for (name, value) in plan.taps { taps[name] = value.tensor }
    return (output, taps)
  }

  /// Runs a network unfused on `[N, C, H, W]` (any N) with batch statistics in every batch norm, the shrinkage blocks'
  /// included, or in those of `batchNorms` alone, and returns these with the output. For making and checking bundles,
  /// not for speed: only convolutions run on oneDNN.
  package func measureBatchNorm(
    _ network: Network, weights: Weights, input: Tensor<Float>, of batchNorms: Set<String>? = nil
  ) throws -> BatchNormMeasurement {
    let engine = try currentEngine()
    return try ReferenceBackend<Float>(network, weights: weights).measureBatchNorm(input, of: batchNorms) {
      try EagerConvolution.run($0, weight: $1, bias: $2, $3, on: engine)
    }
  }

  /// The number of OpenMP threads that primitives created on this stream use; `threads` once it has compiled anything.
  package func openMPThreads() -> Int { Int(omp_get_max_threads()) }

  /// The engine, made on this stream's thread at its first use, after that thread has been told its OpenMP share.
  func currentEngine() throws(OneDNNError) -> Engine {
    if let engine { return engine }
    omp_set_num_threads(Int32(threads))
    let engine = try Engine.cpu(team: Team(threads: threads))
    self.engine = engine
    return engine
  }

  private func plan(of network: CompiledNetwork, for input: Tensor<Float>) throws(OneDNNError) -> Plan {
    guard network.stream == ObjectIdentifier(self), let plan = plans[network.id] else {
      throw OneDNNError(.invalidNetwork, "the network was not compiled on this stream, or was removed from it")
    }
    guard input.shape == plan.input.shape else {
      throw OneDNNError(.invalidNetwork, "an input of \(input.shape) for a network compiled for \(plan.input.shape)")
    }
    return plan
  }
}
