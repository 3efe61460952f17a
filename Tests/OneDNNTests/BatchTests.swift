import DeviationReporting
import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

/// What the number of samples and of threads changes: nothing, to within rounding.
@Suite struct BatchTests {
  @Test(arguments: NetworkAgreementTests.Case.allCases)
  func `a sample's answer depends neither on its batch nor on the threads`(
    which: NetworkAgreementTests.Case
  ) async throws {
    let network = which.network.resized(height: 64, width: 64)
    let prepared = try PreparedNetwork(network, weights: .seeded(for: network, seed: 5, .varied))
    let all = HashNormal(seed: 9, stream: "input").tensor([8, 3, 64, 64], deviation: 1)
    var alone: [[Float]] = []
    var report = DeviationReport(
      "networks at 64×64, oneDNN, batches of 2 to 8 and 1 or 2 threads, max|Δ|/max|reference|",
      against: "each sample alone on one thread", tolerance: 1e-6)
    for threads in [1, 2] {
      let stream = ComputeStream(name: "batch", threads: threads)
      for batch in [1, 2, 3, 5, 8] {
        let compiled = try await stream.compile(prepared, batch: batch)
        #expect(compiled.batch == batch)
        // As many batches as it takes to see every sample once; the last one is whole again.
        for first in Swift.stride(from: 0, to: 8, by: batch).map({ min($0, 8 - batch) }) {
          let part = all.elements[first * 12288..<(first + batch) * 12288]
          let output = try await stream.run(compiled, Tensor([batch, 3, 64, 64], part))
          let each = output.count / batch
          for sample in 0..<batch {
            let row = Array(output.elements[sample * each..<(sample + 1) * each])
            guard alone.count > first + sample else {
              alone.append(row)
              continue
            }
            let expected = Tensor([each], alone[first + sample])
            report.include(Deviation(Tensor([each], row), from: expected).relativeToLargest)
          }
        }
        await stream.remove(compiled)
      }
    }
    #expect(report.isWithinTolerance)
    report.publish()
  }
}
