import Foundation
internal import Neural
package import Tensors

/// What PyTorch computed for one network at one size; see `Goldens/make_goldens.py`.
package struct Golden {
  package let metadata: [String: String]
  private let tensors: Weights

  /// Reads `Tests/NeuralTests/Goldens/<network>-<size>.safetensors`.
  package init(network: String, size: Int) throws {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = tests.appending(path: "NeuralTests/Goldens/\(network)-\(size).safetensors")
    let bytes = [UInt8](try Data(contentsOf: file))
    (metadata, tensors) = try bytes.withUnsafeBytes {
      (try Safetensors(parsing: $0).metadata, try Safetensors.tensors(copying: $0))
    }
  }

  package var seed: UInt64 { metadata["seed"].flatMap(UInt64.init) ?? 0 }

  /// The stages it holds, by node name.
  package var stages: [String] { tensors.keys.filter { !$0.contains("|") }.sorted() }

  /// The softmax of the network's logits, `[batch, K]`, where it ends in logits.
  package var probabilities: Tensor<Float>? { tensors["probabilities|all"] }

  /// What made it, for reports.
  package var reference: String { "PyTorch \(metadata["torch"] ?? "?") in float64" }

  /// The input it was made with, `[batch, channels, size, size]`.
  package var input: Tensor<Float> {
    let (size, batch) = (Int(metadata["size"] ?? "") ?? 0, Int(metadata["batch"] ?? "") ?? 0)
    let channels = Int(metadata["channels"] ?? "3") ?? 0
    return HashNormal(seed: seed, stream: "input").tensor([batch, channels, size, size], deviation: 1)
  }

  /// How far a whole stage's value is from the golden at the golden's positions.
  package func deviation(of value: Tensor<Float>, stage: String) -> Deviation? {
    guard let expected = tensors[stage], let largest = tensors["\(stage)|max"] else { return nil }
    let positions = HashNormal(seed: seed, stream: stage).positions(expected.count, below: value.count)
    let actual = Tensor(expected.shape, positions.map { value[$0] })
    return Deviation(actual, from: expected, largest: largest[0])
  }
}
