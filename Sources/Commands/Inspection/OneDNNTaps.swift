import OneDNN
import Recognition
import Tensors

/// A network on a oneDNN stream that tells what happened inside it.
struct OneDNNTaps: TappedNetwork {
  let stream: ComputeStream
  let network: CompiledNetwork
  let names: [String]

  func values(of input: Tensor<Float>) async throws -> [String: Tensor<Float>] {
    try await stream.run(network, tapping: input).taps
  }
}
