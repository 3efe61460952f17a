import Foundation
import Neural
import Recognition
import Tensors
import Vision

/// What numpy computed for bounds and layouts; see `Tests/Goldens/layouts/make_layouts.py`.
struct LayoutGolden: Decodable {
  struct Metadata: Decodable {
    let numpy: String
    let seed: UInt64
    let positions: Int
  }

  /// Bounds and values at the edges of arithmetic, as the bits of their float32.
  struct Edge: Decodable {
    let minimum: UInt32
    let maximum: UInt32
    let values: [UInt32]
    let expected: [Double]
  }

  struct Width: Decodable {
    let cnn_channels: Int
    /// By family, (min, max).
    let bounds: [String: [Double]]
    /// Mean and deviation of each plane.
    let statistics: [[Double]]
    /// By family, at hashed positions.
    let normalized: [String: [Double]]
    let planes: [Double]
    let planes_sha256: String
    let grid: [Double]
    let grid_sha256: String
  }

  let metadata: Metadata
  /// `[channel][gray]`.
  let image: [[Double]]
  let edges: [Edge]
  let widths: [Width]

  static func read() throws -> LayoutGolden {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = tests.appending(path: "Goldens/layouts/layouts.json")
    return try JSONDecoder().decode(LayoutGolden.self, from: Data(contentsOf: file))
  }

  var reference: String { "numpy \(metadata.numpy)" }

  /// Where the golden of `stream` looks in a tensor of `count` numbers.
  func positions(_ stream: String, below count: Int) -> [Int] {
    HashNormal(seed: metadata.seed, stream: stream).positions(metadata.positions, below: count)
  }

  /// The raw features of one of the script's three faces.
  func face(_ index: Int, cnnChannels: Int) -> FrameFeatures {
    func family(_ name: String, _ channels: Int, scale: Float, offset: Float) -> [Float] {
      let generator = HashNormal(seed: metadata.seed, stream: "\(name)\(index)")
      let scale = index == 2 ? scale * 1.5 : scale
      return generator.tensor([channels * 49], deviation: 1).elements.map { $0 * scale + offset }
    }
    return FrameFeatures(
      crop: GrayImage(width: 224, height: 224, repeating: 0), cnn: family("cnn", cnnChannels, scale: 3, offset: 1),
      hog: family("hog", 36, scale: 0.25, offset: 0.5), sift: family("sift", 128, scale: 40, offset: 60))
  }
}
