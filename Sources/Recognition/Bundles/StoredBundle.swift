import Cryptography
import Foundation
import Neural
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
  package let id: String
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
  package static func load(from folder: String) throws(BundleError) -> StoredBundle {
    let manifestFile = try FileBytes(reading: "\(folder)/\(manifestName)", limit: manifestLimit)
    let manifest = try ModelManifest.parse(Array(manifestFile.bytes))
    let weightsFile = try FileBytes(reading: "\(folder)/\(weightsName)", limit: 4 << 30)
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

  static func id(manifest: [UInt8], weights: [UInt8]) -> String {
    Hex.encode(SHA256.hash(Array("lectern model bundle 1\n".utf8) + manifest + weights))
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
          .malformed, "\(folder)/\(StoredBundle.weightsName) holds a tensor of neither network: \(name)")
      }
    }
    try validate(folder: folder)
  }

  private func validate(folder: String) throws(BundleError) {
    guard let network = manifest.makeNetwork() else {
      throw BundleError(.unsupported, "no network \(manifest.network) in this program")
    }
    do {
      if let features = manifest.makeFeatureNetwork() {
        try features.validate(featureWeights)
      } else if let name = featureWeights.keys.min() {
        throw BundleError(
          .malformed,
          "\(folder)/\(StoredBundle.weightsName) holds \(StoredBundle.featurePrefix)\(name), which layout "
            + "\(manifest.layout.rawValue) does not use")
      }
      try network.validate(networkWeights)
    } catch let error as BundleError {
      throw error
    } catch {
      throw BundleError(.malformed, "\(folder)/\(StoredBundle.weightsName): \(error)")
    }
  }

  /// Writes the bundle as a new folder, all or nothing: into a temporary folder beside it, synchronised, then renamed.
  ///
  /// - Parameter folder: must not exist, or be empty; its parent is created if need be.
  /// - Returns: the bundle as stored, with its id.
  package func save(to folder: String) throws(BundleError) -> StoredBundle {
    var manifest = manifest
    try manifest.validate()
    try validate(folder: folder)
    var all: Weights = [:]
    for (name, tensor) in featureWeights { all[StoredBundle.featurePrefix + name] = tensor }
    for (name, tensor) in networkWeights { all[StoredBundle.networkPrefix + name] = tensor }
    let weights = Safetensors.encode(all)
    let weightsDigest = weights.withUnsafeBytes { SHA256.hash($0) }
    manifest.weightsSHA256 = Hex.encode(weightsDigest)
    let target = URL(fileURLWithPath: folder)
    let temporary = target.deletingLastPathComponent()
      .appendingPathComponent(".\(target.lastPathComponent).\(UUID().uuidString)")
    do {
      let json = try manifest.json()
      try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
      try Self.write(json, to: temporary.appendingPathComponent(StoredBundle.manifestName))
      try Self.write(weights, to: temporary.appendingPathComponent(StoredBundle.weightsName))
      // rename(2) replaces an empty folder and nothing else, so that no bundle is ever overwritten.
      guard rename(temporary.path, target.path) == 0 else { throw CocoaError(.fileWriteFileExists) }
      return StoredBundle(
        bundle: ModelBundle(manifest: manifest, featureWeights: featureWeights, networkWeights: networkWeights),
        id: StoredBundle.id(manifest: SHA256.hash(json), weights: weightsDigest), folder: folder)
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw BundleError(
        .file, "cannot write \(folder): its parent must be writable with room for the weights, and no bundle be there")
    }
  }

  private static func write(_ bytes: [UInt8], to file: URL) throws {
    try Data(bytes).write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    try handle.synchronize()
    try handle.close()
  }
}
