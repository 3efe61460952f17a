import Foundation
import Neural
import OneDNN
import Recognition
import Tensors

/// From a bundle on disk to streams that can run it: time and memory of each part.
struct ReadinessMeasurement {
  let streams: Int
  let threads: Int

  /// Writes a full-size model of random weights to `folder`, which must not exist or be empty.
  static func makeBundle(in folder: String) throws {
    let bound = FeatureBounds(minimum: 0, maximum: 1)
    let manifest = ModelManifest(
      name: "benchmark", trained: false, bounds: FamilyBounds(cnn: bound, hog: bound, sift: bound),
      planes: Array(repeating: .identity, count: 3))
    let bundle = ModelBundle(
      manifest: manifest, featureWeights: .seeded(for: .vgg16Features(), seed: 1),
      networkWeights: .seeded(for: .drsn18(), seed: 1))
    print(try bundle.save(to: folder).id)
  }

  func run(_ folder: String) async throws {
    let bytes = try FileManager.default.attributesOfItem(atPath: "\(folder)/weights.safetensors")[.size] as? Int ?? 0
    print(String(format: "weights file %.1f MB; %d stream(s) of %d thread(s)", Double(bytes) / 1e6, streams, threads))
    report("start", wall: 0, processor: 0)
    let whole = try await NetworkBenchmark.measure {
      let prepared = try await prepare(folder)
      let compiled = try await timed("compile both networks on every stream") { try await compile(prepared) }
      let packed = prepared.map(\.packedByteCount).reduce(0, +)
      print(String(format: "  packed weights %.1f MB, shared by the streams", Double(packed) / 1e6))
      return compiled
    }
    // The bundle and the prepared networks are gone: what a worker holds from here on.
    report("ready, bundle released", wall: whole.wall, processor: whole.processor)
    for (stream, networks) in whole.value {
      let activations = networks.map(\.activationByteCount).reduce(0, +)
      print(String(format: "  a stream's activations and scratch %.1f MB", Double(activations) / 1e6))
      _ = try await timed("first run of both networks") {
        for network in networks { _ = try await stream.run(network, Tensor(repeating: 0.5, network.inputShape)) }
      }
    }
  }

  private func prepare(_ folder: String) async throws -> [PreparedNetwork] {
    let stored = try await timed("read, hash and check the bundle") { try StoredBundle.load(from: folder) }
    return try await timed("prepare both networks") {
      [
        try PreparedNetwork(.vgg16Features(), weights: stored.bundle.featureWeights),
        try PreparedNetwork(.drsn18(), weights: stored.bundle.networkWeights),
      ]
    }
  }

  private func compile(_ prepared: [PreparedNetwork]) async throws -> [(ComputeStream, [CompiledNetwork])] {
    let threads = threads
    return try await withThrowingTaskGroup(of: (ComputeStream, [CompiledNetwork]).self) { group in
      for index in 0..<streams {
        group.addTask {
          let stream = ComputeStream(name: "stream-\(index)", threads: threads)
          var compiled: [CompiledNetwork] = []
          for network in prepared { compiled.append(try await stream.compile(network, batch: 1)) }
          return (stream, compiled)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  private func timed<Value>(_ what: String, _ body: () async throws -> Value) async rethrows -> Value {
    let measured = try await NetworkBenchmark.measure(body)
    report(what, wall: measured.wall, processor: measured.processor)
    return measured.value
  }

  private func report(_ what: String, wall: Double, processor: Double) {
    print(
      "\(padded(what, 40))"
        + String(
          format: "%7.3f s wall %7.3f s processor, resident %.1f MB (at most %.1f)", wall, processor,
          NetworkBenchmark.memory("VmRSS"), NetworkBenchmark.memory("VmHWM")))
  }
}
