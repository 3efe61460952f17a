import DeviationReporting
import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

/// Every layer's forward and backward pass in training mode against the reference in Double, alone or with what it is
/// fused with.
@Suite struct TrainingLayerTests {
  enum Case: String, CaseIterable {
    case convolution3, convolution7Stride2, convolution1Stride2, convolutionOddChannels, convolutionRelu
    case batchNorm, batchNormRelu, batchNormRows
    case maxPool2, maxPool3Stride2, globalAveragePool, linear, relu, add, softmax
    case shrinkage, shrinkageAddRelu, shrinkageOddChannels, squeezeExcite, squeezeExciteAddRelu, sharedValue

    /// What is built over an input of `shape`.
    var network: Network {
      func make(_ shape: Shape, _ body: (inout Network) -> Void) -> Network {
        var network = Network(name: rawValue, inputShape: shape)
        body(&network)
        return network
      }
      func convolution(_ convolution: Convolution, height: Int = 11, width: Int = 9) -> Network {
        make([convolution.input, height, width]) { _ = $0.append("conv", .convolution(convolution), .input) }
      }
      func attention(_ layer: Layer, _ channels: Int, isFollowed: Bool) -> Network {
        make([channels, 7, 6]) { network in
          let value = network.append("attention", layer, .input)
          guard isFollowed else { return }
          let sum = network.append("add", .add, value, .input)
          _ = network.append("relu", .relu, sum)
        }
      }
      switch self {
      case .convolution3: return convolution(Convolution(16, 24, kernel: 3, padding: 1, hasBias: true))
      case .convolution7Stride2:
        return convolution(Convolution(3, 16, kernel: 7, stride: 2, padding: 3, hasBias: false))
      case .convolution1Stride2: return convolution(Convolution(16, 32, kernel: 1, stride: 2, hasBias: false))
      case .convolutionOddChannels: return convolution(Convolution(5, 13, kernel: 3, padding: 1, hasBias: true))
      case .convolutionRelu:
        return make([8, 9, 9]) { network in
          let conv = Convolution(8, 16, kernel: 3, padding: 1, hasBias: true)
          _ = network.append("relu", .relu, network.append("conv", .convolution(conv), .input))
        }
      case .batchNorm: return make([16, 9, 7]) { _ = $0.append("bn", .batchNorm(channels: 16), .input) }
      case .batchNormRelu:
        return make([16, 9, 7]) { network in
          _ = network.append("relu", .relu, network.append("bn", .batchNorm(channels: 16), .input))
        }
      case .batchNormRows:
        return make([6, 3, 3]) { network in
          let rows = network.append("pool", .globalAveragePool, .input)
          _ = network.append("bn", .batchNorm(channels: 6), rows)
        }
      case .maxPool2: return make([8, 9, 8]) { _ = $0.append("pool", .maxPool(Window(kernel: 2, stride: 2)), .input) }
      case .maxPool3Stride2:
        return make([8, 11, 12]) {
          _ = $0.append("pool", .maxPool(Window(kernel: 3, stride: 2, padding: 1)), .input)
        }
      case .globalAveragePool: return make([10, 7, 5]) { _ = $0.append("pool", .globalAveragePool, .input) }
      case .linear:
        return make([10, 2, 2]) { network in
          let rows = network.append("pool", .globalAveragePool, .input)
          _ = network.append("fc", .linear(input: 10, output: 7), rows)
        }
      case .relu: return make([3, 7, 5]) { _ = $0.append("relu", .relu, .input) }
      case .add:
        return make([3, 7, 5]) { network in
          let relu = network.append("relu", .relu, .input)
          _ = network.append("add", .add, relu, .input)
        }
      case .softmax:
        return make([6, 3, 3]) { network in
          _ = network.append("softmax", .softmax, network.append("pool", .globalAveragePool, .input))
        }
      case .shrinkage: return attention(.shrinkage(channels: 16), 16, isFollowed: false)
      case .shrinkageAddRelu: return attention(.shrinkage(channels: 16), 16, isFollowed: true)
      case .shrinkageOddChannels: return attention(.shrinkage(channels: 13), 13, isFollowed: true)
      case .squeezeExcite: return attention(.squeezeExcite(channels: 16, hidden: 4), 16, isFollowed: false)
      case .squeezeExciteAddRelu: return attention(.squeezeExcite(channels: 32, hidden: 2), 32, isFollowed: true)
      case .sharedValue:
        // Blocked layouts, a value with three readers, and a gradient that is the sum of three.
        return make([8, 8, 8]) { network in
          func conv(_ name: String, _ input: Network.Value) -> Network.Value {
            network.append(name, .convolution(Convolution(8, 8, kernel: 3, padding: 1, hasBias: false)), input)
          }
          let trunk = conv("trunk", .input)
          let left = network.append("norm", .batchNorm(channels: 8), conv("left", trunk))
          let shrunk = network.append("shrink", .shrinkage(channels: 8), left)
          let sum = network.append("sum", .add, shrunk, trunk)
          let rectified = network.append("relu", .relu, sum)
          let right = network.append("right", .squeezeExcite(channels: 8, hidden: 3), trunk)
          _ = network.append("last", .add, right, rectified)
        }
      }
    }
  }

  @Test(arguments: Case.allCases, [1, 2])
  func `forward, gradients and running statistics are the reference's`(which: Case, threads: Int) async throws {
    let network = which.network
    let weights = Weights.seeded(for: network, seed: 3, .varied)
    let input = HashNormal(seed: 7, stream: which.rawValue).tensor(
      Shape([5] + network.inputShape.dimensions), deviation: 1)
    let scopes = [
      TrainingScope.all(of: network, includesInput: true),
      TrainingScope(
        parameters: Set(network.parameters.filter(\.isTrainable).map(\.name)), batchNorms: [], includesInput: true),
    ]
    let backend = SessionBackend(network, on: ComputeStream(name: "layers", threads: threads))
    var forward = DeviationReport(
      "oneDNN training, every layer forward, max|Δ|/max|reference|", against: "reference backend in Double",
      tolerance: 1e-5)
    var backward = DeviationReport(
      "oneDNN training, every layer backward, max|Δ|/max|reference|", against: "reference backend in Double",
      tolerance: 1e-5)
    for scope in scopes {
      let reference = ReferenceTraining<Double>(network)
      let expected = try reference.forward(
        input.converted(), weights: weights.mapValues { $0.converted() }, scope: scope)
      let actual = try await backend.forward(input, weights: weights, scope: scope)
      forward.include(Deviation(actual.output, from: expected.output.converted()).relativeToLargest)
      #expect(Set(actual.runningStatistics.keys) == Set(expected.runningStatistics.keys))
      for (name, value) in expected.runningStatistics {
        let own = try #require(actual.runningStatistics[name])
        forward.include(Deviation(own, from: value.converted()).relativeToLargest)
      }
      let gradient = HashNormal(seed: 8, stream: which.rawValue).tensor(actual.output.shape, deviation: 1)
      let wanted = try reference.backward(gradient.converted(), through: expected)
      let given = try await backend.backward(gradient, through: actual)
      #expect(Set(given.parameters.keys) == scope.parameters)
      for (name, value) in wanted.parameters {
        let own = try #require(given.parameters[name])
        // The norm behind it takes this bias away again: its true gradient is 0, and is measured against its weight's.
        let isZero = name.hasSuffix("fc1.bias") && !scope.batchNorms.isEmpty
        let scale = isZero ? wanted.parameters["\(name.dropLast(4))weight"]?.elements.map(abs).max() : nil
        let deviation = Deviation(own, from: value.converted(), largest: scale.map { Float($0) }).relativeToLargest
        #expect(deviation < 1e-5, "\(name)")
        backward.include(deviation)
      }
      let inputGradient = try #require(given.input)
      let deviation = Deviation(inputGradient, from: try #require(wanted.input).converted()).relativeToLargest
      #expect(deviation < 1e-5, "input")
      backward.include(deviation)
    }
    #expect(forward.isWithinTolerance)
    forward.publish()
    backward.publish()
  }
}
