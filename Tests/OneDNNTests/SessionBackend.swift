import Neural
import NeuralTestSupport
import OneDNN
import Tensors

/// Training sessions as a backend that the reference judges: a session for each pass.
struct SessionBackend: TrainingBackend {
  typealias Scalar = Float

  struct Pass: TrainingPass {
    let output: Tensor<Float>
    let runningStatistics: Weights
    let session: TrainingSession
    let scope: TrainingScope
    let inputShape: Shape
  }

  let network: Network
  private let stream: ComputeStream

  init(_ network: Network, on stream: ComputeStream) { (self.network, self.stream) = (network, stream) }

  func forward(_ input: Tensor<Float>, weights: Weights, scope: TrainingScope) async throws -> Pass {
    let session = try TrainingSession(network, weights: weights, scope: scope, on: stream)
    let (output, runningStatistics) = try await session.forward(input)
    return Pass(
      output: output, runningStatistics: runningStatistics, session: session, scope: scope, inputShape: input.shape)
  }

  func backward(_ outputGradient: Tensor<Float>, through pass: Pass) async throws -> Gradients<Float> {
    let input = try await pass.session.backward(outputGradient)
    var parameters: Weights = [:]
    for name in pass.scope.parameters { parameters[name] = await pass.session.gradient(name) }
    return Gradients(
      parameters: parameters,
      input: pass.scope.includesInput ? input ?? Tensor(repeating: 0, pass.inputShape) : nil)
  }
}
