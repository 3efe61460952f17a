import Neural
import Tensors
import Testing

@Suite struct BatchNormMeasurementTests {
  @Test func `measured statistics normalise the batch they were measured on`() throws {
    let network = Network.drsn18(width: .quarter).resized(height: 32, width: 32)
    let weights = Weights.seeded(for: network, seed: 4, .varied)
    let input = HashNormal(seed: 1, stream: "input").tensor([4, 3, 32, 32], deviation: 1)
    let measured = try ReferenceBackend<Float>(network, weights: weights).measureBatchNorm(input)
    // 1 + 8·(2 + 1 in the attention) + 3 in the shortcuts.
    #expect(measured.statistics.count == 28)
    #expect(measured.statistics["layer4.1.shrink.bn"]?.count == 4)
    #expect(measured.statistics["bn1"]?.count == 4 * 16 * 16)

    let applied = measured.applied(to: weights)
    let again = try ReferenceBackend<Float>(network, weights: applied).run(input)
    for (a, b) in zip(again.elements, measured.output.elements) { #expect(abs(a - b) < 1e-3) }
    let before = try ReferenceBackend<Float>(network, weights: weights).run(input)
    #expect(zip(before.elements, measured.output.elements).contains { abs($0 - $1) > 0.1 })
  }

  @Test func `variance is biased`() {
    let statistics = ReferenceLayers<Double>.statistics(Tensor([2, 1, 1, 2], [1, 2, 3, 6]))
    #expect(statistics.mean.elements == [3])
    #expect(statistics.variance.elements == [3.5])
  }
}
