import StableHashing
import Tensors
import Testing
import Training

@Suite struct LogitWhiteningTests {
  /// Logits that share an offset and nearly move together, as a random head on random features gives.
  private static func logits(_ count: Int) -> [[Float]] {
    var random = SplitMix64(seed: 5)
    return (0..<count).map { _ in
      let common = random.bell() * 10 + 100
      return (0..<6).map { common * Float($0 + 1) + random.bell() * 0.1 }
    }
  }

  @Test func decorrelates() {
    let logits = Self.logits(64)
    // With an identity for W the logits are the layer's inputs.
    let identity = Tensor<Float>([6, 6], (0..<36).map { $0 % 7 == 0 ? 1 : 0 })
    let layer = LogitWhitening(logits).applied(weight: identity, bias: Tensor(repeating: 0, [6]), gain: 1.5)
    let outputs = logits.map { row in
      (0..<6).map { i in
        (0..<6).reduce(Double(layer.bias[i])) { $0 + Double(layer.weight[i * 6 + $1]) * Double(row[$1]) }
      }
    }
    for i in 0..<6 {
      #expect(abs(outputs.reduce(0) { $0 + $1[i] } / 64) < 0.02)
      // The first carries what they share; the ridge damps the others, and nothing is correlated.
      for j in 0..<i { #expect(abs(outputs.reduce(0) { $0 + $1[i] * $1[j] } / 64) < 0.1) }
    }
    #expect(abs(outputs.reduce(0) { $0 + $1[0] * $1[0] } / 64 - 2.25) < 0.05)
  }

  @Test func identicalLogitsStayFinite() {
    let rows = [[Float]](repeating: [1, 2, 3, 4, 5, 6], count: 12)
    let layer = LogitWhitening(rows).applied(
      weight: Tensor(repeating: 1, [6, 4]), bias: Tensor(repeating: 0, [6]), gain: 1)
    for value in layer.weight.elements + layer.bias.elements { #expect(value.isFinite) }
  }
}
