import Cryptography
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
      try Self.write(json, to: temporary.appendingPathComponent(StoredBundle.manifestName))
      try Self.write(weights, to: temporary.appendingPathComponent(StoredBundle.weightsName))
      try Self.synchronize(temporary)
      // rename(2) replaces an empty folder and nothing else, so that no bundle is ever overwritten.
      guard rename(temporary.path, target.path) == 0 else { throw CocoaError(.fileWriteFileExists) }
      // The bundle is there and whole; only a power cut right now could still take its name away.
      try? Self.synchronize(parent)
      return StoredBundle(
        bundle: ModelBundle(manifest: manifest, featureWeights: featureWeights, networkWeights: networkWeights),
        id: StoredBundle.id(manifest: SHA256.hash(json), weights: weightsDigest), folder: folder)
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw BundleError(
        .file, "cannot write \(folder): its parent must be writable with room for the weights, and nothing be there")
    }
  }

  private static func write(_ bytes: [UInt8], to file: URL) throws {
    try Data(bytes).write(to: file)
    try synchronize(file)
  }

  /// Waits until a file's bytes, or a folder's names, are on the disk.
  private static func synchronize(_ url: URL) throws {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }
}
