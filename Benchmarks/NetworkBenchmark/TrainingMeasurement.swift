import Foundation
import Neural
import OneDNN
import Tensors

/// Seconds of a training step and what they go into.
struct TrainingMeasurement {
  let name: String
  let batch: Int
  let threads: Int
  let steps: Int
  /// The prefixes of the nodes that learn, separated by commas; nil for all.
  let only: String?

  /// VGG16's features with a head, so that there is a loss.
  private static var classifyingVGG16: Network {
    var network = Network.vgg16Features()
    let pooled = network.append("avgpool", .globalAveragePool, network.output)
    _ = network.append("fc", .linear(input: 512, output: 6), pooled)
    return network
  }

  func run() async throws {
    let networks: [String: Network] = [
      "drsn18": .drsn18(), "resnet18": .resnet18(), "resnet18-se": .resnet18SE(), "vgg16": Self.classifyingVGG16,
    ]
    guard let network = networks[name] else { return print("no network \(name)") }
    var scope = TrainingScope.all(of: network)
    if let only {
      let prefixes = only.split(separator: ",")
      let nodes = network.nodes.map(\.name).filter { node in prefixes.contains { node.hasPrefix($0) } }
      scope = try .nodes(Set(nodes), of: network)
    }
    let weights = Weights.seeded(for: network, seed: 1)
    let input = HashNormal(seed: 1, stream: "input").tensor(
      Shape([batch] + network.inputShape.dimensions), deviation: 1)
    let session = try TrainingSession(
      network, weights: weights, scope: scope, on: ComputeStream(name: "train", threads: threads))
    let labels = (0..<batch).map { $0 % 6 }
    let optimizer = Optimizer(.adamW(), learningRate: 1e-3, decay: 1e-2)
    func step() async throws {
      _ = try await session.step(input, labels: labels, loss: .crossEntropy, optimizer: optimizer)
    }
    let first = try await NetworkBenchmark.measure { try await step() }
    let before = Dictionary(uniqueKeysWithValues: await session.durations().map { ($0.work, $0.duration) })
    var (wall, processor) = ([Double](), [Double]())
    for _ in 0..<steps {
      let measured = try await NetworkBenchmark.measure { try await step() }
      wall.append(measured.wall)
      processor.append(measured.processor)
    }
    wall.sort()
    processor.sort()
    print("\(name), batch \(batch), \(threads) thread(s), learning \(only ?? "everything"), \(steps) steps")
    print(
      String(
        format: "step: wall median %.2f s (%.2f … %.2f), processor median %.2f s; first step with compilation %.2f s",
        wall[steps / 2], wall[0], wall[steps - 1], processor[steps / 2], first.wall))
    print(
      String(
        format: "memory: session %.0f MB, process %.0f MB at most", Double(await session.byteCount) / 1e6,
        NetworkBenchmark.memory("VmHWM")))
    let total = wall.reduce(0, +)
    for (work, duration) in await session.durations() {
      let spent = (duration - (before[work] ?? .zero)) / .seconds(1)
      print("  \(padded(work, 32))" + String(format: "%6.3f s  %5.1f %%", spent / Double(steps), 100 * spent / total))
    }
  }
}
