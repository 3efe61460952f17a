import Neural
import Tensors
import Testing

@Suite struct ParameterLayoutTests {
  @Test(arguments: [Network.drsn18(width: .quarter), .vgg16Features(), .residualGrid(attention: .squeezeExcite)])
  func `every tensor has a place of its own, trainable ones first`(_ network: Network) throws {
    let layout = ParameterLayout(network.parameters)
    #expect(Set(layout.views.map(\.name)) == Set(network.parameters.map(\.name)))
    var end = 0
    for view in layout.views {
      #expect(view.range.lowerBound >= end && view.range.count == view.shape.count)
      #expect(view.range.lowerBound % ParameterLayout.alignment == 0)
      #expect(view.parameter.isTrainable == (view.range.lowerBound < layout.trainableCount))
      #expect(layout[view.name] == view)
      end = view.range.upperBound
    }
    #expect(end <= layout.count && layout.count < end + ParameterLayout.alignment)
    #expect(layout.trainable.count == network.parameters.filter(\.isTrainable).count)
    #expect(layout["nowhere"] == nil)
  }

  @Test func `an optimizer's numbers have ranges`() {
    let layout = ParameterLayout(Network.resnet18(width: .quarter).parameters)
    func refusal(_ optimizer: Optimizer) -> OptimizerError? {
      do {
        try optimizer.validate(for: layout)
        return nil
      } catch { return error }
    }
    #expect(refusal(Optimizer(.sgd(momentum: 0.9, isNesterov: true), learningRate: 0.1, decay: 1e-4)) == nil)
    #expect(refusal(Optimizer(.sgd(), learningRate: -1)) == .outOfRange("learning rate", -1))
    #expect(refusal(Optimizer(.sgd(momentum: 1), learningRate: 1)) == .outOfRange("momentum", 1))
    // Nesterov's look ahead needs a momentum to look along.
    #expect(refusal(Optimizer(.sgd(isNesterov: true), learningRate: 1)) == .outOfRange("momentum", 0))
    #expect(refusal(Optimizer(.adam(.init(mean: 1)), learningRate: 1)) == .outOfRange("mean's factor", 1))
    #expect(refusal(Optimizer(.adamW(.init(square: -0.1)), learningRate: 1)) == .outOfRange("square's factor", -0.1))
    #expect(refusal(Optimizer(.adamW(.init(epsilon: 0)), learningRate: 1)) == .outOfRange("epsilon", 0))
    #expect(refusal(Optimizer(.adamW(), learningRate: 1, decay: -1)) == .outOfRange("decay", -1))
    let group = Optimizer.Group(["fc.bias"], rateFactor: .infinity, decay: 0)
    #expect(refusal(Optimizer(.adam(), learningRate: 1, groups: [group])) == .outOfRange("rate factor", .infinity))
  }

  @Test func `the first group that names a parameter decides its rate and decay`() {
    let optimizer = Optimizer(
      .adamW(), learningRate: 0.1, decay: 0.01,
      groups: [.init(["fc.bias"], decay: 0), .init(["fc.bias", "fc.weight"], rateFactor: 10, decay: 1)])
    #expect(optimizer.setting(of: "fc.bias") == (0.1, 0))
    #expect(optimizer.setting(of: "fc.weight") == (1, 1))
    #expect(optimizer.setting(of: "conv1.weight") == (0.1, 0.01))
  }
}
