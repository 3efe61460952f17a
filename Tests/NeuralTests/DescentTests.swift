import Neural
import Tensors
import Testing

/// That the gradients are good for what they are for.
@Suite struct DescentTests {
  @Test(arguments: [Loss.crossEntropy, .centers, .crossEntropyAndCenters(weight: 0.1)])
  func `steps against the gradient lower the loss on one batch`(loss: Loss) throws {
    let network = FiniteDifferenceTests.tiny
    let training = ReferenceTraining<Float>(network)
    let scope = TrainingScope.all(of: network)
    let input = HashNormal(seed: 8, stream: "input").tensor([6, 2, 9, 7], deviation: 1)
    let labels = [0, 1, 2, 0, 1, 2]
    var weights = Weights.seeded(for: network, seed: 5)
    var centers = CenterLoss.seeded(classes: 3, seed: 5)
    var values: [Float] = []
    for _ in 0..<40 {
      let pass = try training.forward(input, weights: weights, scope: scope)
      let result = try loss.evaluate(logits: pass.output, labels: labels, centers: centers)
      values.append(result.value)
      let gradients = try training.backward(result.logits, through: pass)
      for (name, gradient) in gradients.parameters { weights[name] = moved(try #require(weights[name]), gradient) }
      if let gradient = result.centers { centers = moved(centers, gradient) }
      weights.merge(pass.runningStatistics) { _, new in new }
    }
    #expect(values[39] < 0.3 * values[0], "\(values)")
    // Inference goes by the running statistics, which have come to those of the batch.
    let logits = try ReferenceBackend<Float>(network, weights: weights).run(input)
    let scores = loss == .centers ? try CenterLoss.scores(outputs: logits, centers: centers) : logits
    for (sample, label) in labels.enumerated() {
      let row = scores.elements[sample * 3..<sample * 3 + 3]
      #expect(row[sample * 3 + label] == row.max())
    }
  }

  private func moved(_ value: Tensor<Float>, _ gradient: Tensor<Float>) -> Tensor<Float> {
    Tensor(value.shape, zip(value.elements, gradient.elements).map { $0 - 0.1 * $1 })
  }
}
