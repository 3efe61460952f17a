internal import COneDNN
package import Neural
internal import Services
package import Tensors

/// One dedicated OS thread that compiles networks and runs them, one call at a time.
///
/// oneDNN on OpenMP fixes the number of threads when a primitive is created, and OpenMP keeps it per calling thread: so
/// the thread that compiles is the thread that runs, and it is never one of Swift's cooperative pool. Several networks
/// may live on one stream; several streams run side by side.
package actor InferenceStream {
  private nonisolated let executor: ThreadExecutor

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// How many OpenMP threads each primitive uses, this stream's own included.
  package nonisolated let threads: Int

  /// Starts the thread; `name` is what debuggers show.
  package init(name: String, threads: Int = 1) {
    precondition(threads > 0, "a stream needs a thread")
    executor = ThreadExecutor(name: name)
    self.threads = threads
  }

  /// Compiles a network for batches of exactly `batch` samples and keeps it on this stream. Weights that another stream
  /// packed already are shared. `taps` names nodes whose values `run(_:tapping:)` returns too; tapped nodes are not
  /// fused away, so a tapped network is for inspection, not for speed.
  package func compile(
    _ prepared: PreparedNetwork, batch: Int, taps: [String] = []
  ) throws(OneDNNError) -> CompiledNetwork {
    throw OneDNNError(.unsupported, "compile")
  }

  /// Forgets a compiled network and frees its memory.
  package func remove(_ network: CompiledNetwork) {}

  /// Runs a network on `[batch, C, H, W]` and returns its output.
  package func run(_ network: CompiledNetwork, _ input: Tensor<Float>) throws(OneDNNError) -> Tensor<Float> {
    throw OneDNNError(.unsupported, "run")
  }

  /// Runs a network without allocating: `write` fills the input buffer in place (row-major `[batch, C, H, W]`), `read`
  /// sees the output in place, both on this stream's thread.
  package func run<Result: Sendable>(
    _ network: CompiledNetwork,
    write: @Sendable (UnsafeMutableBufferPointer<Float>) -> Void,
    read: @Sendable (UnsafeBufferPointer<Float>) -> Result
  ) throws(OneDNNError) -> Result {
    throw OneDNNError(.unsupported, "run")
  }

  /// Runs a network and returns the value of every tapped node by name.
  package func run(
    _ network: CompiledNetwork, tapping input: Tensor<Float>
  ) throws(OneDNNError) -> (output: Tensor<Float>, taps: [String: Tensor<Float>]) {
    throw OneDNNError(.unsupported, "run")
  }

  /// Runs a network unfused on `[N, C, H, W]` (any N) with batch statistics in every batch norm, the shrinkage blocks'
  /// included, and returns these with the output. For making and checking bundles, not for speed.
  package func measureBatchNorm(
    _ network: Network, weights: Weights, input: Tensor<Float>
  ) throws -> BatchNormMeasurement {
    throw OneDNNError(.unsupported, "measureBatchNorm")
  }
}
