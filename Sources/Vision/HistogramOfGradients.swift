/// Histograms of oriented gradients of a 64×64 gray picture: 7×7 blocks of 36 numbers, 1764 in all (the paper, section
/// 3.1).
///
/// Gamma correction I^0.5; gradients by [−1 0 1] along each axis, zero on the border; unsigned angle atan2(Gy, Gx)
/// modulo 180° in Double; nine hard bins [20i°, 20(i+1)°) without interpolation; cells of 8×8 pixels, each the sum of
/// magnitudes divided by 64; blocks of 2×2 cells, one cell apart, normalised.
package struct HistogramOfGradients: Sendable, Hashable {
  /// Side of the picture in pixels.
  package static let imageSide = 64
  /// Blocks along each side.
  package static let side = 7
  /// Numbers of a block.
  package static let channels = 36
  static let bins = 9
  static let cellSide = 8
  static let cellsPerSide = imageSide / cellSide

  /// How a block's 36 values are made comparable.
  package enum Normalization: String, Sendable, Hashable, CaseIterable {
    /// Formula 6 of the paper: divided by the largest of the block's 36; an all-zero block stays zero. (Each cell's own
    /// maximum would make overlapping blocks copies of each other.)
    case max
    /// Dalal and Triggs' L2-Hys: v/√(‖v‖² + ε²), clipped at 0.2, then the same once more; ε = 1e-5.
    case l2hys
  }

  package let normalization: Normalization

  package init(normalization: Normalization = .max) { self.normalization = normalization }

  /// The features as the network takes them: `[36, 7, 7]` (channel, block row, block column), 0…1; channel
  /// = 9·(2·cell row + cell column within the block) + bin.
  package func grid(of image: GrayImage) -> [Float] {
    let blocks = blocks(of: image)
    let positions = Self.side * Self.side
    return [Float](unsafeUninitializedCapacity: blocks.count) { out, count in
      for position in 0..<positions {
        for channel in 0..<Self.channels {
          out[channel * positions + position] = blocks[position * Self.channels + channel]
        }
      }
      count = blocks.count
    }
  }

  /// The same 1764 numbers as `[7, 7, 2, 2, 9]` (block row and column, cell row and column within the block, bin), the
  /// order of scikit-image's `hog`.
  package func blocks(of image: GrayImage) -> [Float] {
    precondition(
      image.width == Self.imageSide && image.height == Self.imageSide, "HOG is defined on a 64×64 picture")
    return normalized(GradientCells.histograms(of: image))
  }

  /// - Parameter cells: `[8, 8, 9]`.
  /// - Returns: `[7, 7, 36]`.
  private func normalized(_ cells: [Double]) -> [Float] {
    let total = Self.side * Self.side * Self.channels
    let rowOfCells = 2 * Self.bins
    return [Float](unsafeUninitializedCapacity: total) { out, count in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.channels) { block in
        for row in 0..<Self.side {
          for column in 0..<Self.side {
            for cellRow in 0..<2 {
              let source = ((row + cellRow) * Self.cellsPerSide + column) * Self.bins
              for i in 0..<rowOfCells { block[cellRow * rowOfCells + i] = cells[source + i] }
            }
            normalize(block)
            let target = (row * Self.side + column) * Self.channels
            for i in 0..<Self.channels { out[target + i] = Float(block[i]) }
          }
        }
      }
      count = total
    }
  }

  private func normalize(_ block: UnsafeMutableBufferPointer<Double>) {
    switch normalization {
    case .max:
      var largest = 0.0
      for value in block where value > largest { largest = value }
      if largest > 0 { for i in 0..<block.count { block[i] /= largest } }
    case .l2hys:
      Self.divideByLength(block)
      for i in 0..<block.count { block[i] = min(block[i], 0.2) }
      Self.divideByLength(block)
    }
  }

  private static func divideByLength(_ block: UnsafeMutableBufferPointer<Double>) {
    var squares = 1e-5 * 1e-5
    for value in block { squares += value * value }
    let scale = 1 / squares.squareRoot()
    for i in 0..<block.count { block[i] *= scale }
  }
}
