internal import Cryptography
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

  /// What attention decided, `<node>.threshold` or `<node>.gate`, as taps of compiled networks are named.
  package var decisions: [String] {
    tensors.keys.filter { $0.hasSuffix(Self.decision) }.map { String($0.dropLast(Self.decision.count)) }.sorted()
  }

  /// The input it was made with, `[batch, channels, size, size]`; an error where it is not that to the bit.
  package func input() throws -> Tensor<Float> {
    let (size, batch) = (Int(metadata["size"] ?? "") ?? 0, Int(metadata["batch"] ?? "") ?? 0)
    let channels = Int(metadata["channels"] ?? "") ?? 0
    let input = HashNormal(seed: seed, stream: "input").tensor([batch, channels, size, size], deviation: 1)
    try input.verify(sha256: metadata["input_sha256"])
    return input
  }

  /// How far a whole stage's value, or a decision, is from the golden at the golden's positions: all of them where the
  /// value is short. Infinite where the value has too few elements.
  package func deviation(of value: Tensor<Float>, stage: String) -> Deviation? {
    guard let expected = tensors[stage] ?? tensors[stage + Self.decision], let largest = tensors["\(stage)|max"] else {
      return nil
    }
    let positions = HashNormal(seed: seed, stream: stage).positions(expected.count, below: value.count)
    return Deviation(
      positions.map { Double(value[$0]) }, from: expected.elements.map(Double.init), largest: Double(largest[0]))
  }

  private static let decision = "|decision"
}

extension Tensor<Float> {
  /// An error where the SHA-256 of the elements, as little-endian float32, is not `sha256` in hexadecimal.
  func verify(sha256: String?) throws {
    var hash = SHA256Stream()
    withUnsafeBufferPointer { hash.update(UnsafeRawBufferPointer($0)) }
    guard Hex.encode(hash.finish()) == sha256 else { throw GoldenError.malformed("input_sha256") }
  }
}
