import DeviationReporting
import Neural
import NeuralTestSupport
import OneDNN
import Tensors
import Testing

/// The compiled network of the layout `grid` against PyTorch, at every stage that fusion leaves.
@Suite struct CompiledGridTests {
  @Test(arguments: Attention.allCases)
  func `every stage of the compiled grid network agrees with PyTorch`(attention: Attention) async throws {
    let golden = try Golden(network: "\(attention.networkName)-grid", size: 7)
    let network = Network.residualGrid(attention: attention)
    let prepared = try PreparedNetwork(network, weights: .seeded(for: network, seed: golden.seed, .varied))
    let stream = InferenceStream(name: "golden")
    let fused = [".relu1", ".relu2", ".downsample.1"]
    let stages = golden.stages.filter { stage in
      ["relu", "avgpool", "fc"].contains(stage) || fused.contains { stage.hasSuffix($0) }
    }
    #expect(stages.count == 12)
    let inspected = try await stream.compile(prepared, batch: 2, taps: stages)
    let (output, taps) = try await stream.run(inspected, tapping: golden.input)
    var report = DeviationReport(
      "\(network.name), every stage, oneDNN, max|Δ|/max|reference|",
      against: "PyTorch \(golden.metadata["torch"] ?? "") in float64", tolerance: 1e-5)
    for stage in stages {
      let value = try #require(taps[stage])
      report.include(try #require(golden.deviation(of: value, stage: stage)).relativeToLargest)
    }
    #expect(report.isWithinTolerance, "\(report.worst)")
    report.publish()
    // The network as it runs in production, fused further and reusing memory, gives the same.
    let compiled = try await stream.compile(prepared, batch: 2)
    let plain = try await stream.run(compiled, golden.input)
    #expect(Deviation(plain, from: output).relativeToLargest < 1e-6)
  }
}
