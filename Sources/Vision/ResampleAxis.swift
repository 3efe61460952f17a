/// The weights of one axis of a resize: output `i` is Σ `weights[t]`·source[`firsts[i]` + t − `starts[i]`] / `total`
/// for t in `starts[i]..<starts[i + 1]`. Weights are whole numbers in `Double`.
struct ResampleAxis {
  private(set) var starts: [Int] = [0]
  private(set) var firsts: [Int] = []
  private(set) var weights: [Double] = []
  /// The sum of every output's weights.
  let total: Double

  /// - Parameters:
  ///   - origin: first source pixel of the window, possibly negative.
  ///   - length: pixels of the window.
  ///   - extent: pixels that exist; the window's others repeat the nearest one.
  ///   - outputs: pixels to make.
  init(origin: Int, length: Int, of extent: Int, to outputs: Int) {
    precondition(abs(origin) < 1 << 27 && length > 0 && length < 1 << 27 && extent > 0, "the window is out of range")
    precondition(outputs > 0 && outputs < 1 << 16, "the output is out of range")
    starts.reserveCapacity(outputs + 1)
    firsts.reserveCapacity(outputs)
    if length >= outputs {
      total = Double(length)
      addAreas(origin: origin, length: length, extent: extent, outputs: outputs)
    } else {
      total = Double(2 * outputs)
      addLines(origin: origin, length: length, extent: extent, outputs: outputs)
    }
  }

  /// Shrinking: output i covers [i·length, (i+1)·length) where a source pixel is `outputs` long; a weight is a length
  /// of overlap.
  private mutating func addAreas(origin: Int, length: Int, extent: Int, outputs: Int) {
    let first = min(max(-origin, 0), length - 1)
    let last = min(max(extent - 1 - origin, 0), length - 1)
    for output in 0..<outputs {
      let low = output * length
      let high = low + length
      // Pixels of the window before `first` repeat it and those after `last` repeat that one, so each of the two is
      // counted once with the whole length it stands for.
      let from = min(max(low / outputs, first), last)
      let to = max(min((high - 1) / outputs, last), from)
      firsts.append(min(max(origin + from, 0), extent - 1))
      for pixel in from...to {
        let start = pixel == first ? 0 : pixel * outputs
        let end = pixel == last ? length * outputs : (pixel + 1) * outputs
        weights.append(Double(min(high, end) - max(low, start)))
      }
      starts.append(weights.count)
    }
  }

  /// Growing: output i's centre lies at ((2i+1)·length − outputs) / (2·outputs) between the centres of two source
  /// pixels.
  private mutating func addLines(origin: Int, length: Int, extent: Int, outputs: Int) {
    let scale = 2 * outputs
    for output in 0..<outputs {
      let position = (2 * output + 1) * length - outputs
      let pixel = position >= 0 ? position / scale : -1
      let fraction = position - pixel * scale
      let near = min(max(origin + min(max(pixel, 0), length - 1), 0), extent - 1)
      let far = min(max(origin + min(max(pixel + 1, 0), length - 1), 0), extent - 1)
      firsts.append(near)
      if near == far || fraction == 0 {
        weights.append(Double(scale))
      } else {
        weights.append(Double(scale - fraction))
        weights.append(Double(fraction))
      }
      starts.append(weights.count)
    }
  }

  /// The source pixels that have any weight.
  var span: Range<Int> {
    firsts[0]..<(firsts[firsts.count - 1] + starts[starts.count - 1] - starts[starts.count - 2])
  }

  /// Along one row: (weighted sum + `offset`) / `divisor`, without its fraction.
  ///
  /// - Parameter row: numbers for the pixels of `span`.
  func gather(
    _ row: UnsafePointer<Double>, plus offset: Double, over divisor: Double, into output: UnsafeMutablePointer<UInt8>
  ) {
    let low = firsts[0]
    starts.withUnsafeBufferPointer { starts in
      firsts.withUnsafeBufferPointer { firsts in
        weights.withUnsafeBufferPointer { weights in
          for x in 0..<firsts.count {
            let source = row + (firsts[x] - low)
            let start = starts[x]
            let taps = weights.baseAddress! + start
            var sum = offset
            for tap in 0..<(starts[x + 1] - start) { sum += taps[tap] * source[tap] }
            output[x] = UInt8(truncatingIfNeeded: Int32(sum / divisor))
          }
        }
      }
    }
  }
}
