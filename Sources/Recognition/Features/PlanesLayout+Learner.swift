extension PlanesLayout {
  /// Learns mean and deviation of each plane from one face at a time; like `FamilyBounds.Learner`, on the training part
  /// alone, in a second pass, since it takes features normalised by the bounds.
  package struct Learner: Sendable {
    /// How many pixels of a tile show each channel, a family each: 36 channels do not divide 32×32 evenly.
    private let pixels: [[Double]]
    private var sums = [0.0, 0.0, 0.0]
    private var squares = [0.0, 0.0, 0.0]
    /// How many faces it has learned from.
    package private(set) var count = 0

    /// - Parameter cnnChannels: 512, 256 or 128.
    package init(cnnChannels: Int) {
      pixels = [cnnChannels, 36, 128].map { channels in
        var pixels = [Double](repeating: 0, count: channels)
        for channel in PlanesLayout.map(channels) { pixels[channel] += 1 }
        return pixels
      }
    }

    /// Adds a face whose features are normalised to 0…1.
    package mutating func add(_ face: FrameFeatures) {
      for (index, family) in FeatureFamily.allCases.enumerated() {
        let values = face[family]
        precondition(values.count == pixels[index].count * 49, "a face has the layout's number of channels")
        for (channel, pixels) in pixels[index].enumerated() {
          var sum = 0.0
          var square = 0.0
          for value in values[channel * 49..<(channel + 1) * 49] {
            sum += Double(value)
            square += Double(value) * Double(value)
          }
          sums[index] += pixels * sum
          squares[index] += pixels * square
        }
      }
      count += 1
    }

    /// Adds what another one learned on other faces of the same layout.
    package mutating func merge(_ other: Learner) {
      precondition(pixels[0].count == other.pixels[0].count, "both learn for one layout")
      for index in 0..<3 {
        sums[index] += other.sums[index]
        squares[index] += other.squares[index]
      }
      count += other.count
    }

    /// In the order CNN, HOG, SIFT. A constant plane gets deviation 1, so that it stays constant; before the first face
    /// every plane does.
    package var statistics: [Statistics] {
      let count = Double(max(1, count) * side * side)
      return (0..<3).map { index in
        let mean = sums[index] / count
        let deviation = max(0, squares[index] / count - mean * mean).squareRoot()
        return Statistics(mean: Float(mean), deviation: deviation > 1e-6 ? Float(deviation) : 1)
      }
    }
  }

  /// Mean and deviation of each plane over a set of faces (normalised features).
  package static func measured(on faces: [FrameFeatures], cnnChannels: Int) -> [Statistics] {
    var learner = Learner(cnnChannels: cnnChannels)
    for face in faces { learner.add(face) }
    return learner.statistics
  }
}
