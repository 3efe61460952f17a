internal import Foundation

/// How a step changes parameters by their gradients; formulas, order of operations and names are PyTorch's.
package struct Optimizer: Hashable, Sendable {
  package enum Rule: Hashable, Sendable {
    /// v ← μ·v + g, p ← p − r·v, or r·(g + μ·v) with Nesterov's look ahead; g includes decay·p.
    case sgd(momentum: Double = 0, isNesterov: Bool = false)
    /// m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², p ← p − r·m̂/(√v̂ + ε), m̂ and v̂ without their bias to 0; g
    /// includes decay·p.
    case adam(Adam = Adam())
    /// As Adam, but for the decay, which shrinks p by the factor 1 − r·decay instead (Loshchilov and Hutter 2019).
    case adamW(Adam = Adam())
  }

  package struct Adam: Hashable, Sendable {
    /// β₁ and β₂, in 0 ..< 1.
    package var mean: Double
    package var square: Double
    /// ε > 0.
    package var epsilon: Double

    package init(mean: Double = 0.9, square: Double = 0.999, epsilon: Double = 1e-8) {
      (self.mean, self.square, self.epsilon) = (mean, square, epsilon)
    }
  }

  /// Parameters with a rate and a decay of their own.
  package struct Group: Hashable, Sendable {
    /// Full names.
    package var names: Set<String>
    /// Times the optimizer's learning rate.
    package var rateFactor: Double
    package var decay: Double

    package init(_ names: Set<String>, rateFactor: Double = 1, decay: Double) {
      (self.names, self.rateFactor, self.decay) = (names, rateFactor, decay)
    }
  }

  package var rule: Rule
  /// r > 0.
  package var learningRate: Double
  /// Weight decay of parameters in no group, 0 or more.
  package var decay: Double
  /// The first group that holds a parameter counts.
  package var groups: [Group]

  package init(_ rule: Rule, learningRate: Double, decay: Double = 0, groups: [Group] = []) {
    (self.rule, self.learningRate, self.decay, self.groups) = (rule, learningRate, decay, groups)
  }

  /// A parameter's learning rate and decay.
  package func setting(of name: String) -> (rate: Double, decay: Double) {
    guard let group = groups.first(where: { $0.names.contains(name) }) else { return (learningRate, decay) }
    return (learningRate * group.rateFactor, group.decay)
  }

  /// Throws unless every number is in its range and every group names parameters of `layout` that have gradients.
  package func validate(for layout: ParameterLayout) throws(OptimizerError) {
    try rule.validate()
    guard learningRate > 0, learningRate.isFinite else { throw .outOfRange("learning rate", learningRate) }
    for decay in [decay] + groups.map(\.decay) where !(decay >= 0 && decay.isFinite) {
      throw .outOfRange("decay", decay)
    }
    for group in groups where !(group.rateFactor >= 0 && group.rateFactor.isFinite) {
      throw .outOfRange("rate factor", group.rateFactor)
    }
    let unknown = groups.flatMap(\.names).filter { layout[$0]?.parameter.isTrainable != true }
    guard unknown.isEmpty else { throw .unknownParameters(unknown.sorted()) }
  }
}

extension Optimizer.Rule {
  /// How many moments it keeps of each parameter, as many numbers each as the parameter has.
  package var momentCount: Int {
    switch self {
    case .sgd(momentum: 0, _): 0
    case .sgd: 1
    case .adam, .adamW: 2
    }
  }

  /// Whether another rule can go on with this one's moments: SGD's mean the same to SGD, Adam's to Adam and AdamW.
  package func isFollowed(by next: Self) -> Bool {
    switch (self, next) {
    case (.sgd, .sgd): momentCount <= next.momentCount
    case (.adam, .adam), (.adam, .adamW), (.adamW, .adam), (.adamW, .adamW): true
    case (.sgd, _), (_, .sgd): false
    }
  }

  fileprivate func validate() throws(OptimizerError) {
    switch self {
    case .sgd(let momentum, let isNesterov):
      guard 0..<1 ~= momentum, momentum > 0 || !isNesterov else { throw .outOfRange("momentum", momentum) }
    case .adam(let adam), .adamW(let adam):
      guard 0..<1 ~= adam.mean else { throw .outOfRange("mean's factor", adam.mean) }
      guard 0..<1 ~= adam.square else { throw .outOfRange("square's factor", adam.square) }
      guard adam.epsilon > 0, adam.epsilon.isFinite else { throw .outOfRange("epsilon", adam.epsilon) }
    }
  }

  /// Changes some numbers of one parameter in place, and their moments. Elementwise: pieces may run in any order.
  ///
  /// - Parameters:
  ///   - moments: `momentCount` buffers; the first update finds them 0.
  ///   - update: counts the parameter's updates from 1.
  package func apply(
    to values: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, moments: [UnsafeMutablePointer<Float>],
    count: Int, update: Int, rate: Double, decay: Double
  ) {
    let shrink = Float(decay)
    switch self {
    case .sgd(momentum: 0, _):
      let rate = Float(rate)
      for index in 0..<count { values[index] -= rate * (gradient[index] + shrink * values[index]) }
    case .sgd(let momentum, let isNesterov):
      let (rate, momentum, velocity) = (Float(rate), Float(momentum), moments[0])
      for index in 0..<count {
        let slope = gradient[index] + shrink * values[index]
        velocity[index] = momentum * velocity[index] + slope
        values[index] -= rate * (isNesterov ? slope + momentum * velocity[index] : velocity[index])
      }
    case .adam(let adam), .adamW(let adam):
      let isDecoupled = if case .adamW = self { true } else { false }
      let (coupled, kept) = (isDecoupled ? 0 : shrink, isDecoupled ? Float(1 - rate * decay) : 1)
      let (beta1, beta2) = (Float(adam.mean), Float(adam.square))
      let (rest1, rest2) = (Float(1 - adam.mean), Float(1 - adam.square))
      let step = Float(rate / (1 - pow(adam.mean, Double(update))))
      let scale = Float(1 / (1 - pow(adam.square, Double(update))).squareRoot())
      let (epsilon, mean, square) = (Float(adam.epsilon), moments[0], moments[1])
      for index in 0..<count {
        let slope = gradient[index] + coupled * values[index]
        mean[index] = beta1 * mean[index] + rest1 * slope
        square[index] = beta2 * square[index] + rest2 * (slope * slope)
        values[index] = kept * values[index] - step * mean[index] / (square[index].squareRoot() * scale + epsilon)
      }
    }
  }
}

/// Why an optimizer cannot step.
package enum OptimizerError: Error, Hashable, CustomStringConvertible {
  case outOfRange(String, Double)
  /// A group names what has no gradient.
  case unknownParameters([String])
  /// The moments so far are another rule's.
  case otherRule

  package var description: String {
    switch self {
    case .outOfRange(let what, let value): "the optimizer's \(what) cannot be \(value)"
    case .unknownParameters(let names): "the optimizer's groups name \(names.prefix(5)), which training cannot change"
    case .otherRule: "the moments so far are another rule's; begin a session of its own for this one"
    }
  }
}
