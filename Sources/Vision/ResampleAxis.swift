/// The weights of one axis of a resize: output `i` is Σ weight(t)·source[`firsts[i]` + t] / `total` over its taps t.
/// Weights are whole numbers in `Double`. Only an output's first and last tap differ from the others, so that memory
/// grows with the outputs and not with what they are made from.
struct ResampleAxis {
  /// The source pixels of one output.
  struct Taps {
    let first: Int
    let count: Int
    /// Of the first tap, and of the only one.
    let leading: Double
    /// Of the last tap where there are several.
    let trailing: Double
  }

  private(set) var taps: [Taps] = []
  /// The weight of every tap between the first and the last.
  private let inner: Double
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
    taps.reserveCapacity(outputs)
    inner = Double(outputs)
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
      func weight(_ pixel: Int) -> Double {
        let start = pixel == first ? 0 : pixel * outputs
        let end = pixel == last ? length * outputs : (pixel + 1) * outputs
        return Double(min(high, end) - max(low, start))
      }
      taps.append(
        Taps(
          first: min(max(origin + from, 0), extent - 1), count: to - from + 1, leading: weight(from),
          trailing: weight(to)))
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
      let isOne = near == far || fraction == 0
      taps.append(
        Taps(
          first: near, count: isOne ? 1 : 2, leading: Double(isOne ? scale : scale - fraction),
          trailing: Double(fraction)))
    }
  }

  /// The source pixels that have any weight.
  var span: Range<Int> {
    taps[0].first..<(taps[taps.count - 1].first + taps[taps.count - 1].count)
  }

  /// The weight of one of an output's taps.
  func weight(of tap: Int, in taps: Taps) -> Double {
    tap == 0 ? taps.leading : tap == taps.count - 1 ? taps.trailing : inner
  }

  /// Along one row: (weighted sum + `offset`) / `divisor`, without its fraction.
  ///
  /// - Parameter row: numbers for the pixels of `span`.
  func gather(
    _ row: UnsafePointer<Double>, plus offset: Double, over divisor: Double, into output: UnsafeMutablePointer<UInt8>
  ) {
    let low = taps[0].first
    taps.withUnsafeBufferPointer { outputs in
      for x in 0..<outputs.count {
        let taps = outputs[x]
        let source = row + (taps.first - low)
        var sum = offset + taps.leading * source[0]
        if taps.count > 1 {
          var between = 0.0
          for tap in 1..<(taps.count - 1) { between += source[tap] }
          sum += inner * between + taps.trailing * source[taps.count - 1]
        }
        output[x] = UInt8(truncatingIfNeeded: Int32(sum / divisor))
      }
    }
  }
}
