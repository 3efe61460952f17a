import Cryptography
import Files
import Foundation
import Tensors

extension ModelBundle {
  /// Writes the bundle as a new folder, all or nothing: into a temporary folder beside it, synchronised, then renamed.
  ///
  /// - Parameter folder: must not exist, or be empty; its parent is created if need be.
  /// - Returns: the bundle as stored, with its id.
  package func save(to folder: String) throws(BundleError) -> StoredBundle {
    var manifest = manifest
    try manifest.validate()
    try validateWeights(folder: folder)
    var all: Weights = [:]
    for (name, tensor) in featureWeights { all[StoredBundle.featurePrefix + name] = tensor }
    for (name, tensor) in networkWeights { all[StoredBundle.networkPrefix + name] = tensor }
    let weights = Safetensors.encode(all)
    let weightsDigest = weights.withUnsafeBytes { SHA256.hash($0) }
    manifest.weightsSHA256 = Hex.encode(weightsDigest)
    let target = URL(fileURLWithPath: folder)
    let parent = target.deletingLastPathComponent()
    let temporary = parent.appendingPathComponent(".\(target.lastPathComponent).\(UUID().uuidString)")
    do {
      let json = try manifest.json()
      try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
      for (name, bytes) in [(StoredBundle.manifestName, json), (StoredBundle.weightsName, weights)] {
        let file = FilePath(temporary.appendingPathComponent(name).path)
        try OutputFile.write(bytes, to: file, .asReplaced(new: 0o666))
      }
      // rename(2) replaces an empty folder and nothing else, so that no bundle is ever overwritten.
      guard rename(temporary.path, target.path) == 0 else { throw CocoaError(.fileWriteFileExists) }
      FilePath(parent.path).synchronize()
      return StoredBundle(
        bundle: ModelBundle(manifest: manifest, featureWeights: featureWeights, networkWeights: networkWeights),
        id: StoredBundle.id(manifest: SHA256.hash(json), weights: weightsDigest), folder: folder)
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      let cause =
        (error as? OutputError)?.cause
        ?? "its parent must be writable with room for the weights, and nothing be there"
      throw BundleError(.file, "cannot write \(folder): \(cause)")
    }
  }
}
