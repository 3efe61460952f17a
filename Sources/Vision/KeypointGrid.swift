/// The strongest keypoint of each of 7×7 cells, as a fixed layout for a variable number of keypoints (which the paper
/// leaves open in section 3.2).
///
/// Layout of `values`: `[128, 7, 7]` (descriptor element, cell row, cell column), the describer's raw numbers,
/// unscaled: OpenCV's SIFT gives whole numbers 0…255 as `Float`. A cell without a keypoint is zero. Of equally strong
/// keypoints the first in the describer's order stays. A keypoint at (x, y) belongs to the cell ⌊7·x/w⌋, ⌊7·y/h⌋,
/// clamped into the grid, as sub-pixel positions can lie a little outside.
package struct KeypointGrid: Sendable, Hashable {
  /// Cells along each side.
  package static let side = 7
  /// Numbers of one descriptor.
  package static let channels = 128

  /// `[128, 7, 7]`, 6272 numbers.
  package let values: [Float]
  /// Of each cell, row by row, which keypoint was kept; nil where there is none.
  package let kept: [Int?]
  /// How many of the 49 cells have no keypoint.
  package let emptyCells: Int

  /// - Parameters:
  ///   - keypoints: in the describer's order.
  ///   - width: of the described picture in pixels (112 in recognition).
  ///   - height: of the described picture in pixels.
  package init(_ keypoints: [Keypoint], width: Int, height: Int) {
    let cells = Self.side * Self.side
    var strongest = [Int?](repeating: nil, count: cells)
    for (index, keypoint) in keypoints.enumerated() {
      let cell = Self.cell(keypoint.y, of: height) * Self.side + Self.cell(keypoint.x, of: width)
      if let held = strongest[cell], keypoints[held].response >= keypoint.response { continue }
      strongest[cell] = index
    }
    var values = [Float](repeating: 0, count: Self.channels * cells)
    var empty = 0
    for (cell, index) in strongest.enumerated() {
      guard let index else {
        empty += 1
        continue
      }
      for (channel, value) in keypoints[index].descriptor.enumerated() { values[channel * cells + cell] = value }
    }
    self.values = values
    self.kept = strongest
    self.emptyCells = empty
  }

  /// The cell of a coordinate along an axis of `extent` pixels.
  private static func cell(_ coordinate: Float, of extent: Int) -> Int {
    // Written so that a coordinate that is no number lands in a cell as well.
    guard coordinate > 0 else { return 0 }
    return Int(min(Double(coordinate) * Double(side) / Double(extent), Double(side - 1)))
  }
}
