import Foundation
import ImageIO
import Neural
import Recognition
import Testing
import Vision

/// A seeded model of quarter width and rubbish of every kind, in a folder that is gone afterwards.
final class InspectionFixture {
  let folder = FileManager.default.temporaryDirectory.appending(path: "lectern-inspect-\(UUID().uuidString)")
  var model: String { folder.appending(path: "model").path }

  init(_ labels: LabelSet = .learningEmotions) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let unit = FeatureBounds(minimum: 0, maximum: 1)
    let manifest = ModelManifest(
      name: "seeded", trained: false, labelSet: labels, width: .quarter,
      bounds: FamilyBounds(cnn: unit, hog: unit, sift: FeatureBounds(minimum: 0, maximum: 255)),
      planes: [.identity, .identity, .identity])
    let networks = (try #require(manifest.makeFeatureNetwork()), try #require(manifest.makeNetwork()))
    _ = try ModelBundle(
      manifest: manifest, featureWeights: .seeded(for: networks.0, seed: 1),
      networkWeights: .seeded(for: networks.1, seed: 1)
    ).save(to: model)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: folder.appending(path: name))
    return path(name)
  }

  /// Files that are no pictures, cut pictures, changed pictures, odd sizes: the same each time.
  func rubbish() throws -> [String] {
    var state: UInt64 = 2024
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    func picture(_ width: Int, _ height: Int) -> GrayImage {
      GrayImage(width: width, height: height, pixels: (0..<width * height).map { _ in UInt8(random(256)) })
    }
    var paths = [try write("empty.jpg", []), try write("text.png", Array("no picture".utf8)), path("missing.jpg")]
    paths += [path("evil\u{1B}[2J\u{202E}.png"), path("no\nsuch"), folder.path + "/none", "/dev/zero"]
    try FileManager.default.createDirectory(atPath: path("none"), withIntermediateDirectories: true)
    guard mkfifo(path("pipe.png"), 0o600) == 0 else { throw CocoaError(.fileWriteUnknown) }
    paths.append(path("pipe.png"))
    let huge = try write("huge.jpg", [0xFF, 0xD8, 0xFF])
    truncate(huge, 1 << 40)
    paths.append(huge)
    for index in 0..<16 {
      let (width, height) = [(1, 1), (1, 3000), (3000, 1), (random(90) + 1, random(90) + 1)][index % 4]
      let image = picture(width, height)
      var bytes = index % 2 == 0 ? try PNGEncoder().encode(image) : try JPEGEncoder().encode(image)
      if index % 3 == 0 { bytes = Array(bytes.prefix(random(bytes.count))) }
      if index % 3 == 1 { for _ in 0..<4 { bytes[random(bytes.count)] = UInt8(random(256)) } }
      paths.append(try write("\(index).png", bytes))
    }
    return paths
  }
}
