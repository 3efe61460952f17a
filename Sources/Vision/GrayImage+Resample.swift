extension GrayImage {
  /// Cuts a rectangle out; where it reaches beyond the picture the nearest edge pixel is repeated.
  package func crop(_ rect: PixelRect) -> GrayImage {
    resampled(rect, width: rect.width, height: rect.height)
  }

  /// The picture at another size; see ``resampled(_:width:height:)``.
  package func resampled(width: Int, height: Int) -> GrayImage {
    resampled(bounds, width: width, height: height)
  }

  /// A rectangle of the picture at another size: along each axis by area where it shrinks, bilinear with half-pixel
  /// centres where it grows, in exact integers, rounded once, half up.
  ///
  /// The answer is that of cutting `rect` out with replicated edges and resizing the copy, but no copy is made: work and
  /// memory are bounded by the picture and the output, however far the rectangle reaches beyond.
  ///
  /// - Parameters:
  ///   - rect: at least 1×1, all numbers below 2²⁷ in magnitude; it may lie partly or wholly outside.
  ///   - width: of the output, 1…65,535 pixels.
  ///   - height: of the output, 1…65,535 pixels.
  package func resampled(_ rect: PixelRect, width newWidth: Int, height newHeight: Int) -> GrayImage {
    let columns = ResampleAxis(origin: rect.x, length: rect.width, of: width, to: newWidth)
    let rows = ResampleAxis(origin: rect.y, length: rect.height, of: height, to: newHeight)
    // A column's weights sum to columns.total, so a row sum is at most 255·total and a pixel 255·total·total; with the
    // limits above that stays below 2⁶³.
    let total = columns.total * rows.total
    var sums = [Int](repeating: 0, count: newWidth)
    var line = [Int](repeating: 0, count: newWidth)
    var lineRow = -1
    let result = [UInt8](unsafeUninitializedCapacity: newWidth * newHeight) { out, count in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<newHeight {
          for x in 0..<newWidth { sums[x] = total / 2 }
          for tap in rows.starts[y]..<rows.starts[y + 1] {
            let row = rows.indices[tap]
            // Neighbouring outputs share a source row at most at their border, so one line of memory suffices.
            if row != lineRow {
              columns.gather(UnsafeBufferPointer(rebasing: source[row * width..<(row + 1) * width]), into: &line)
              lineRow = row
            }
            let weight = rows.weights[tap]
            for x in 0..<newWidth { sums[x] &+= weight &* line[x] }
          }
          for x in 0..<newWidth { out[y * newWidth + x] = UInt8(truncatingIfNeeded: sums[x] / total) }
        }
      }
      count = newWidth * newHeight
    }
    return GrayImage(width: newWidth, height: newHeight, pixels: result)
  }
}
