extension GrayImage {
  /// The picture at another size; see ``resampled(_:width:height:)``.
  package func resampled(width: Int, height: Int) -> GrayImage {
    resampled(bounds, width: width, height: height)
  }

  /// A rectangle of the picture at another size: along each axis by area where it shrinks, bilinear with half-pixel
  /// centres where it grows; rounded once, half up.
  ///
  /// The answer is that of cutting `rect` out with replicated edges and resizing the copy, but no copy is made: work
  /// and memory are bounded by the picture and the output, however far the rectangle reaches beyond.
  ///
  /// The arithmetic is in whole numbers that `Double` holds exactly, so the answer is exact and the same everywhere, as
  /// long as rect.width·rect.height and width·height stay below 2⁴²; beyond, a pixel may be one level off.
  ///
  /// - Parameters:
  ///   - rect: at least 1×1, all numbers below 2²⁷ in magnitude; it may lie partly or wholly outside.
  ///   - width: of the output, 1…65,535 pixels.
  ///   - height: of the output, 1…65,535 pixels.
  package func resampled(_ rect: PixelRect, width newWidth: Int, height newHeight: Int) -> GrayImage {
    let columns = ResampleAxis(origin: rect.x, length: rect.width, of: width, to: newWidth)
    let rows = ResampleAxis(origin: rect.y, length: rect.height, of: height, to: newHeight)
    // Quotients: with total·256 below 2⁵² the correctly rounded quotient of two whole numbers never reaches the next
    // whole number from below, so cutting off its fraction is exact.
    let total = columns.total * rows.total
    let half = (total / 2).rounded(.down)
    let span = columns.span
    let pixels = self.pixels
    let result = [UInt8](unsafeUninitializedCapacity: newWidth * newHeight) { out, count in
      count = newWidth * newHeight
      // Down the columns first: that loop runs along whole rows and vectorises.
      withUnsafeTemporaryAllocation(of: Double.self, capacity: span.count) { sums in
        pixels.withUnsafeBufferPointer { source in
          for y in 0..<newHeight {
            let taps = rows.taps[y]
            let first = source.baseAddress! + taps.first * width + span.lowerBound
            for tap in 0..<taps.count {
              let weight = rows.weight(of: tap, in: taps)
              let row = first + tap * width
              if tap == 0 {
                for x in 0..<span.count { sums[x] = weight * Double(row[x]) }
              } else {
                for x in 0..<span.count { sums[x] += weight * Double(row[x]) }
              }
            }
            columns.gather(sums.baseAddress!, plus: half, over: total, into: out.baseAddress! + y * newWidth)
          }
        }
      }
    }
    return GrayImage(width: newWidth, height: newHeight, pixels: result)
  }
}
