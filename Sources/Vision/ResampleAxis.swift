/// The weights of one axis of a resize, as integers: output `i` is Σ `weights[t]`·source[`indices[t]`] / `total` for t in
/// `starts[i]..<starts[i + 1]`.
struct ResampleAxis {
  private(set) var starts: [Int] = [0]
  private(set) var indices: [Int] = []
  private(set) var weights: [Int] = []
  /// The sum of every output's weights.
  let total: Int

  /// - Parameters:
  ///   - origin: first source pixel of the window, possibly negative.
  ///   - length: pixels of the window.
  ///   - extent: pixels that exist; the window's others repeat the nearest one.
  ///   - outputs: pixels to make.
  init(origin: Int, length: Int, of extent: Int, to outputs: Int) {
    precondition(abs(origin) < 1 << 27 && length > 0 && length < 1 << 27 && extent > 0, "the window is out of range")
    precondition(outputs > 0 && outputs < 1 << 16, "the output is out of range")
    starts.reserveCapacity(outputs + 1)
    if length >= outputs {
      total = length
      addAreas(origin: origin, length: length, extent: extent, outputs: outputs)
    } else {
      total = 2 * outputs
      addLines(origin: origin, length: length, extent: extent, outputs: outputs)
    }
  }

  /// Shrinking: output i covers [i·length, (i+1)·length) where a source pixel is `outputs` long; a weight is a length of
  /// overlap.
  private mutating func addAreas(origin: Int, length: Int, extent: Int, outputs: Int) {
    let first = min(max(-origin, 0), length - 1)
    let last = min(max(extent - 1 - origin, 0), length - 1)
    for output in 0..<outputs {
      let low = output * length
      let high = low + length
      // Pixels of the window before `first` repeat it and those after `last` repeat that one, so each of the two is
      // counted once with the whole length it stands for.
      let from = min(max(low / outputs, first), last)
      let to = max(min((high - 1) / outputs, last), first)
      for pixel in from...max(from, to) {
        let start = pixel == first ? 0 : pixel * outputs
        let end = pixel == last ? length * outputs : (pixel + 1) * outputs
        let overlap = min(high, end) - max(low, start)
        if overlap > 0 { add(origin + pixel, overlap, extent) }
      }
      starts.append(indices.count)
    }
  }

  /// Growing: output i's centre lies at ((2i+1)·length − outputs) / (2·outputs) between the centres of two source pixels.
  private mutating func addLines(origin: Int, length: Int, extent: Int, outputs: Int) {
    for output in 0..<outputs {
      let position = (2 * output + 1) * length - outputs
      let scale = 2 * outputs
      let pixel = position >= 0 ? position / scale : -1
      let fraction = position - pixel * scale
      let clamped = min(max(pixel, 0), length - 1)
      let next = min(max(pixel + 1, 0), length - 1)
      if scale > fraction { add(origin + clamped, scale - fraction, extent) }
      if fraction > 0 { add(origin + next, fraction, extent) }
      starts.append(indices.count)
    }
  }

  private mutating func add(_ pixel: Int, _ weight: Int, _ extent: Int) {
    indices.append(min(max(pixel, 0), extent - 1))
    weights.append(weight)
  }

  /// Weighted sums of one source row.
  func gather(_ row: UnsafeBufferPointer<UInt8>, into sums: inout [Int]) {
    indices.withUnsafeBufferPointer { indices in
      weights.withUnsafeBufferPointer { weights in
        for output in 0..<(starts.count - 1) {
          var sum = 0
          for tap in starts[output]..<starts[output + 1] { sum &+= weights[tap] &* Int(row[indices[tap]]) }
          sums[output] = sum
        }
      }
    }
  }
}
