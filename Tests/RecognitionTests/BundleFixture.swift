import Foundation
import Neural
import Recognition
import Tensors

/// Narrow models with seeded weights, so that their files are small, and folders to put them in.
enum BundleFixture {
  static let bounds = FamilyBounds(
    cnn: FeatureBounds(minimum: 0, maximum: 12.3456789), hog: FeatureBounds(minimum: 0, maximum: 1),
    sift: FeatureBounds(minimum: 0, maximum: 211))

  static func manifest(
    layout: ModelManifest.LayoutKind = .planes, attention: Attention = .shrinkage, width: Width = .quarter
  ) -> ModelManifest {
    ModelManifest(
      name: "untrained-test", trained: false, network: attention.networkName, layout: layout, width: width,
      bounds: layout.isFused ? bounds : nil,
      planes: layout == .planes
        ? [.init(mean: 0.1, deviation: 0.3), .init(mean: 0.2, deviation: 0.25), .identity] : nil,
      temperature: 1.25)
  }

  static func bundle(_ manifest: ModelManifest, seed: UInt64 = 1) -> ModelBundle {
    ModelBundle(
      manifest: manifest,
      featureWeights: manifest.makeFeatureNetwork().map { .seeded(for: $0, seed: seed) } ?? [:],
      networkWeights: .seeded(for: manifest.makeNetwork()!, seed: seed, .varied))
  }

  /// Another seed gives other weights.
  static func bundle(seed: UInt64 = 1) -> ModelBundle { bundle(manifest(), seed: seed) }

  /// A folder of its own that is gone afterwards.
  static func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  /// Replaces the first `from` in a stored model's manifest.
  static func edit(_ folder: String, replacing from: String, by to: String) throws {
    let path = "\(folder)/model.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    guard let range = text.range(of: from) else { throw Missing(text: from) }
    try text.replacingCharacters(in: range, with: to).write(toFile: path, atomically: true, encoding: .utf8)
  }

  struct Missing: Error {
    let text: String
  }
}

extension FamilyBounds {
  subscript(family: FeatureFamily) -> FeatureBounds {
    switch family {
    case .cnn: cnn
    case .hog: hog
    case .sift: sift
    }
  }
}
