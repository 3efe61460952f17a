package import Neural
package import Tensors

/// Checks gradients by what they claim: moves one number at a time a little both ways and looks at the loss.
package struct FiniteDifferences {
  /// How far each number moves, in Double. A third of the digits: the loss's rounding, some 1e-15/step, and its
  /// curvature, some step², are then both far below 1e-8 of a gradient of size 1.
  package var step = 1e-5

  /// How many hashed positions of each tensor are tried.
  package var positions = 24

  package init() {}

  /// The worst difference between `gradients` and the central differences of `loss` at `point`, by tensor name: over
  /// the tensor's largest gradient, or a thousandth of the largest of all where that is more (some gradients are 0).
  ///
  /// The point must lie further from every kink of the loss than the step reaches.
  package func worst(
    _ gradients: [String: Tensor<Double>], at point: [String: Tensor<Double>],
    loss: ([String: Tensor<Double>]) throws -> Double
  ) rethrows -> [String: Double] {
    func largest(_ tensor: Tensor<Double>) -> Double { tensor.elements.map(abs).max() ?? 0 }
    let overall = gradients.values.map(largest).max() ?? 0
    var worst: [String: Double] = [:]
    for (name, gradient) in gradients {
      let scale = max(largest(gradient), overall / 1000, .leastNormalMagnitude)
      let chosen = Set(HashNormal(seed: 7, stream: name).positions(positions, below: gradient.count))
      for position in gradient.count <= positions ? Set(0..<gradient.count) : chosen {
        func value(_ offset: Double) throws -> Double {
          var moved = point
          moved[name]?[position] += offset
          return try loss(moved)
        }
        let slope = try (value(step) - value(-step)) / (2 * step)
        let difference = abs(slope - gradient[position]) / scale
        worst[name] = max(worst[name] ?? 0, difference.isNaN ? .infinity : difference)
      }
    }
    return worst
  }
}

extension ReferenceTraining<Double> {
  /// The gradients of Σ y·`outputGradient`, or of `loss` of the output, with the input's under the name `input`.
  package func namedGradients(
    _ point: [String: Tensor<Double>], scope: TrainingScope, outputGradient: (Tensor<Double>) throws -> Tensor<Double>
  ) throws -> [String: Tensor<Double>] {
    let pass = try forward(at: point, scope: scope)
    let gradients = try backward(try outputGradient(pass.output), through: pass)
    var named = gradients.parameters
    named["input"] = gradients.input
    return named
  }

  /// The forward pass for weights with the input beside them, under the name `input`.
  package func forward(
    at point: [String: Tensor<Double>], scope: TrainingScope
  ) throws -> ReferencePass<Double> {
    var weights = point
    guard let input = weights.removeValue(forKey: "input") else { throw GoldenError.missing("input") }
    return try forward(input, weights: weights, scope: scope)
  }
}
