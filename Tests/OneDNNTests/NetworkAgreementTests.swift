import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

/// The compiled networks against the plain reference: every builder at 64×64 (full-width VGG16, slow in
/// the reference, is left to the goldens), the whole path from packing and
/// folding through fusion to our own kernels.
@Suite struct NetworkAgreementTests {
  enum Case: String, CaseIterable {
    case vgg16Quarter, resnet18, resnet18SE, drsn18, drsn18Half, resnet18SEQuarter

    var network: Network {
      switch self {
      case .vgg16Quarter: .vgg16Features(width: .quarter)
      case .resnet18: .resnet18()
      case .resnet18SE: .resnet18SE()
      case .drsn18: .drsn18()
      case .drsn18Half: .drsn18(width: .half, classes: 7)
      case .resnet18SEQuarter: .resnet18SE(width: .quarter)
      }
    }

    var batch: Int {
      switch self {
      case .vgg16Quarter, .resnet18SEQuarter: 3
      default: 2
      }
    }
  }

  @Test(arguments: Case.allCases)
  func `compiled networks give what the reference gives`(which: Case) async throws {
    let network = which.network.resized(height: 64, width: 64)
    let weights = Weights.seeded(for: network, seed: 5, .varied)
    let input = HashNormal(seed: 9, stream: "input").tensor([which.batch, 3, 64, 64], deviation: 1)
    let expected = try ReferenceBackend<Float>(network, weights: weights).run(input)

    let stream = ComputeStream(name: "test")
    let compiled = try await stream.compile(PreparedNetwork(network, weights: weights), batch: which.batch)
    #expect(compiled.outputShape == expected.shape)
    let first = try await stream.run(compiled, input)
    #expect(Deviation(first, from: expected).relativeToLargest < 1e-5)
    // Reuse of the arena must not leave anything behind.
    _ = try await stream.run(compiled, Tensor(repeating: 3, input.shape))
    let second = try await stream.run(compiled, input)
    #expect(second == first)
  }
}
