import Cryptography
import Foundation
package import LearningEvents
import Neural
import PlainText
import Tensors

/// A model bundle on disk: a folder with `model.json` and `weights.safetensors`, and its id.
///
/// The id is the SHA-256, in lower-case hex, over the ASCII text `lectern model bundle 1` and a line feed, then the 32
/// bytes of the SHA-256 of `model.json`, then those of `weights.safetensors`. So everything that changes an answer
/// changes the id. `model.json` also names the digest of its weights, and a folder whose files do not belong together
/// is refused.
package struct StoredBundle: Sendable {
  package let bundle: ModelBundle
  /// 64 lower-case hex digits.
  package let id: ModelID
  package let folder: String

  package static let manifestName = "model.json"
  package static let weightsName = "weights.safetensors"
  /// Weights' prefixes in the file.
  static let featurePrefix = "vgg16."
  static let networkPrefix = "net."
  /// Far above any manifest; what is larger is not one.
  private static let manifestLimit = 1 << 20

  /// Whether a folder looks like a bundle; says nothing about what is in it.
  package static func exists(in folder: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/\(manifestName)")
  }

  /// Reads and checks a bundle. The weights are read once into memory that the tensors then share, so that what was
  /// hashed is what runs, even if the file changes afterwards.
  ///
  /// The folder and its files may be symbolic links, as deployments like them; what they lead to must be regular files.
  package static func load(from folder: String) throws(BundleError) -> StoredBundle {
    let manifestFile = try FileBytes(reading: "\(folder)/\(manifestName)", limit: manifestLimit)
    let manifest = try ModelManifest.parse(manifestFile.bytes)
    let weightsFile = try FileBytes(reading: "\(folder)/\(weightsName)", limit: manifest.weightsByteLimit)
    let digest = SHA256.hash(weightsFile.bytes)
    guard Hex.encode(digest) == manifest.weightsSHA256 else {
      throw BundleError(
        .malformed, "\(folder): \(weightsName) is not the file that \(manifestName) was written with; copy both again")
    }
    let all: Weights
    do {
      all = try Safetensors.tensors(borrowing: weightsFile.bytes, owner: weightsFile)
    } catch {
      throw BundleError(.malformed, "\(folder)/\(weightsName): \(error)")
    }
    let bundle = try ModelBundle(manifest: manifest, weights: all, folder: folder)
    return StoredBundle(
      bundle: bundle, id: id(manifest: SHA256.hash(manifestFile.bytes), weights: digest), folder: folder)
  }

  static func id(manifest: [UInt8], weights: [UInt8]) -> ModelID {
    ModelID(Hex.encode(SHA256.hash(Array("lectern model bundle 1\n".utf8) + manifest + weights)))
  }
}

extension ModelManifest {
  /// What the weights of its networks take, with room for the file's header: no more is read, whatever the file has.
  fileprivate var weightsByteLimit: Int {
    let networks = [makeFeatureNetwork(), makeNetwork()].compactMap { $0 }
    return networks.flatMap(\.parameters).reduce(1 << 20) { $0 + 4 * $1.shape.count }
  }
}

extension ModelBundle {
  /// Splits the weights of a file by prefix and checks that they are exactly those of the manifest's networks.
  fileprivate init(manifest: ModelManifest, weights: Weights, folder: String) throws(BundleError) {
    self.init(manifest: manifest, featureWeights: [:], networkWeights: [:])
    for (name, tensor) in weights {
      if name.hasPrefix(StoredBundle.featurePrefix) {
        featureWeights[String(name.dropFirst(StoredBundle.featurePrefix.count))] = tensor
      } else if name.hasPrefix(StoredBundle.networkPrefix) {
        networkWeights[String(name.dropFirst(StoredBundle.networkPrefix.count))] = tensor
      } else {
        throw BundleError(
          .malformed,
          "\(folder)/\(StoredBundle.weightsName) holds a tensor of neither network: \(name.shown)")
      }
    }
    try validateWeights(folder: folder)
  }

  /// Throws unless the weights are exactly those of the manifest's networks, all of them numbers.
  func validateWeights(folder: String) throws(BundleError) {
    let file = "\(folder)/\(StoredBundle.weightsName)"
    guard let network = manifest.makeNetwork() else {
      throw BundleError(.unsupported, "no network \(manifest.network.shown) in this program")
    }
    if manifest.makeFeatureNetwork() == nil, let name = featureWeights.keys.min() {
      throw BundleError(
        .malformed,
        "\(file) holds \(StoredBundle.featurePrefix)\(name.shown), which layout "
          + "\(manifest.layout.rawValue) does not use")
    }
    do {
      try manifest.makeFeatureNetwork()?.validate(featureWeights)
      try network.validate(networkWeights)
    } catch {
      throw BundleError(.malformed, "\(file): \(error)")
    }
  }
}
