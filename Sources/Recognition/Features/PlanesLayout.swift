package import Tensors

/// One family a plane, `[3, 224, 224]`: CNN, HOG, SIFT, so that the full ResNet-18 of Table 4 can read them.
///
/// Each cell C of the 7×7 grid is a tile of 32×32 pixels, whose pixel (x, y) is the cell's channel
/// ⌊y·R/32⌋·K + ⌊x·K/32⌋, with (R, K) = (16, 32) for 512 channels, (16, 16) for 256, (8, 16) for 128 and (6, 6) for 36.
/// Then each plane is standardised by its mean and deviation on the training part.
package struct PlanesLayout: FeatureLayout {
  /// Mean and deviation of one plane over the training part.
  package struct Statistics: Sendable, Hashable {
    package let mean: Float
    /// Above 0.
    package let deviation: Float

    package init(mean: Float, deviation: Float) {
      precondition(mean.isFinite && deviation.isFinite && deviation > 0, "a deviation is above 0")
      self.mean = mean
      self.deviation = deviation
    }

    /// Nothing is subtracted and nothing scaled.
    package static let identity = Statistics(mean: 0, deviation: 1)
  }

  static let side = 224
  static let tile = 32

  package var shape: Shape { [3, Self.side, Self.side] }
  package var families: Set<FeatureFamily> { Set(FeatureFamily.allCases) }

  /// In the order CNN, HOG, SIFT.
  package let statistics: [Statistics]
  private let maps: [[Int]]
  private let cnnChannels: Int

  /// - Parameters:
  ///   - cnnChannels: 512, 256 or 128.
  ///   - statistics: three, in the order CNN, HOG, SIFT.
  package init(cnnChannels: Int, statistics: [Statistics] = [.identity, .identity, .identity]) {
    precondition(statistics.count == 3, "one mean and deviation a plane")
    self.cnnChannels = cnnChannels
    self.statistics = statistics
    maps = [cnnChannels, 36, 128].map(Self.map)
  }

  /// Rows and columns of a tile's blocks for a number of channels.
  static func blocks(_ channels: Int) -> (rows: Int, columns: Int) {
    switch channels {
    case 512: (16, 32)
    case 256: (16, 16)
    case 128: (8, 16)
    case 36: (6, 6)
    default: preconditionFailure("no tile is defined for \(channels) channels")
    }
  }

  /// The channel of each pixel of a tile, row-major.
  static func map(_ channels: Int) -> [Int] {
    let (rows, columns) = blocks(channels)
    return (0..<tile * tile).map { ($0 / tile) * rows / tile * columns + ($0 % tile) * columns / tile }
  }

  package func write(_ features: FrameFeatures, to buffer: UnsafeMutableBufferPointer<Float>) {
    precondition(features.cnn.count == cnnChannels * 49, "pool5 has the layout's number of channels")
    let plane = Self.side * Self.side
    for (index, family) in [features.cnn, features.hog, features.sift].enumerated() {
      let target = UnsafeMutableBufferPointer(rebasing: buffer[index * plane..<(index + 1) * plane])
      let mean = statistics[index].mean
      let scale = 1 / statistics[index].deviation
      family.withUnsafeBufferPointer { family in
        maps[index].withUnsafeBufferPointer { map in
          for y in 0..<Self.side {
            let cellRow = y / Self.tile * 7
            let tileRow = y % Self.tile * Self.tile
            for x in 0..<Self.side {
              let value = family[map[tileRow + x % Self.tile] * 49 + cellRow + x / Self.tile]
              target[y * Self.side + x] = (value - mean) * scale
            }
          }
        }
      }
    }
  }
}

extension PlanesLayout.Statistics: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case mean, deviation }

  /// Planes are of features in 0…1, so that a mean or deviation beyond that belongs to no data; planes of a smaller
  /// deviation were taken for constant when they were measured.
  var isPlausible: Bool { Self.isPlausible(mean: mean, deviation: deviation) }

  private static func isPlausible(mean: Float, deviation: Float) -> Bool {
    (0...1).contains(mean) && (1e-6...1).contains(deviation)
  }

  static var refusal: BundleError {
    BundleError(.malformed, "model.json: planes needs three means in 0…1 with deviations above 0 and at most 1")
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(only: CodingKeys.self)
    let mean = try values.decode(Float.self, forKey: .mean)
    let deviation = try values.decode(Float.self, forKey: .deviation)
    guard Self.isPlausible(mean: mean, deviation: deviation) else { throw Self.refusal }
    self.init(mean: mean, deviation: deviation)
  }
}
