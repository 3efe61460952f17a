extension PlanesLayout {
  /// Mean and deviation of each plane over a set of faces, in the order CNN, HOG, SIFT. As for `FamilyBounds`, these
  /// are faces of the training part alone; their features are normalised to 0…1 by its bounds.
  ///
  /// A constant plane gets deviation 1, so that it stays constant; without a face every plane does.
  ///
  /// - Parameter cnnChannels: 512, 256 or 128.
  package static func measured(on faces: some Sequence<FrameFeatures>, cnnChannels: Int) -> [Statistics] {
    // How many pixels of a tile show each channel, a family each: 36 channels do not divide 32×32 evenly.
    let pixels = [cnnChannels, 36, 128].map { channels in
      var pixels = [Double](repeating: 0, count: channels)
      for channel in map(channels) { pixels[channel] += 1 }
      return pixels
    }
    var (sums, squares, count) = ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 0)
    for face in faces {
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
    let positions = Double(max(1, count) * side * side)
    return (0..<3).map { index in
      let mean = sums[index] / positions
      let deviation = max(0, squares[index] / positions - mean * mean).squareRoot()
      return Statistics(mean: Float(mean), deviation: deviation > 1e-6 ? Float(deviation) : 1)
    }
  }
}
