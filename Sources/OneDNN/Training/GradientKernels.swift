internal import Neural

/// Sweeps over blocked feature maps that the backward passes of the attention blocks and of global pooling need, each
/// over the channels of one group of one sample. Eight lanes at a time where the layout has channels in blocks.
///
/// Notation: x is the attention's input, ds the gradient of its result, P the number of positions; the decision is τ
/// where attention shrinks and g where it scales.
enum GradientKernels {
  /// The gradient of each channel's decision: −Σ sign(x)·ds over |x| > τ, or Σ x·ds. `decision` and `target` are
  /// `[N, C]`.
  static func decisionGradient(
    _ action: AttentionLayer.Action, _ x: UnsafePointer<Float>, _ ds: UnsafePointer<Float>, _ layout: ChannelLayout,
    decision: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, unit: Int
  ) {
    let (positions, block) = (layout.positions, layout.block)
    let base = unit * positions * block
    let channel = unit * block
    guard block.isMultiple(of: 8) else {
      for lane in 0..<block {
        var total = 0.0
        for index in stride(from: base + lane, to: base + positions * block, by: block) {
          switch action {
          case .scaling: total += Double(x[index] * ds[index])
          case .shrinking:
            if x[index] > decision[channel + lane] {
              total -= Double(ds[index])
            } else if x[index] < -decision[channel + lane] {
              total += Double(ds[index])
            }
          }
        }
        target[channel + lane] = Float(total)
      }
      return
    }
    for lane in stride(from: 0, to: block, by: 8) {
      let (from, gradient) = (UnsafeRawPointer(x + base + lane), UnsafeRawPointer(ds + base + lane))
      let limit = UnsafeRawPointer(decision + channel + lane).loadUnaligned(as: SIMD8<Float>.self)
      let total: SIMD8<Float> =
        switch action {
        case .shrinking:
          ChannelKernels.sum(positions) { position in
            let x = from.load(fromByteOffset: position &* block &* 4, as: SIMD8<Float>.self)
            let ds = gradient.load(fromByteOffset: position &* block &* 4, as: SIMD8<Float>.self)
            return SIMD8.zero.replacing(with: -ds, where: x .> limit)
              .replacing(with: ds, where: x .< -limit)
          }
        case .scaling:
          ChannelKernels.sum(positions) { position in
            let x = from.load(fromByteOffset: position &* block &* 4, as: SIMD8<Float>.self)
            return x * gradient.load(fromByteOffset: position &* block &* 4, as: SIMD8<Float>.self)
          }
        }
      UnsafeMutableRawPointer(target + channel + lane).storeBytes(of: total, as: SIMD8<Float>.self)
    }
  }

  /// dx = ds over |x| > τ (the edge counts as outside, as in PyTorch) plus sign(x)·dmean/P, or ds·g + dmean/P, with
  /// `average` dmean, `[N, C]`, the gradient of the channel's mean (of magnitudes).
  static func inputGradient(
    _ action: AttentionLayer.Action, _ x: UnsafePointer<Float>, _ ds: UnsafePointer<Float>, _ layout: ChannelLayout,
    decision: UnsafePointer<Float>, average: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>, unit: Int
  ) {
    let (positions, block) = (layout.positions, layout.block)
    let base = unit * positions * block
    let channel = unit * block
    let factor = 1 / Float(positions)
    guard block.isMultiple(of: 8) else {
      for lane in 0..<block {
        let (limit, share) = (decision[channel + lane], average[channel + lane] * factor)
        for index in stride(from: base + lane, to: base + positions * block, by: block) {
          switch action {
          case .scaling: dx[index] = ds[index] * limit + share
          case .shrinking:
            let sign: Float = x[index] > 0 ? share : x[index] < 0 ? -share : 0
            dx[index] = (abs(x[index]) > limit ? ds[index] : 0) + sign
          }
        }
      }
      return
    }
    for lane in stride(from: 0, to: block, by: 8) {
      let (from, gradient) = (UnsafeRawPointer(x + base + lane), UnsafeRawPointer(ds + base + lane))
      let to = UnsafeMutableRawPointer(dx + base + lane)
      let limit = UnsafeRawPointer(decision + channel + lane).loadUnaligned(as: SIMD8<Float>.self)
      let share = UnsafeRawPointer(average + channel + lane).loadUnaligned(as: SIMD8<Float>.self) * factor
      switch action {
      case .shrinking:
        for position in 0..<positions {
          let offset = position &* block &* 4
          let x = from.load(fromByteOffset: offset, as: SIMD8<Float>.self)
          let ds = gradient.load(fromByteOffset: offset, as: SIMD8<Float>.self)
          let (isPositive, isNegative) = (x .> 0, x .< 0)
          let isKept = (x .> limit) .| (x .< -limit)
          let kept = SIMD8<Float>.zero.replacing(with: ds, where: isKept)
          let sign = SIMD8<Float>.zero.replacing(with: share, where: isPositive).replacing(
            with: -share, where: isNegative)
          to.storeBytes(of: kept + sign, toByteOffset: offset, as: SIMD8<Float>.self)
        }
      case .scaling:
        for position in 0..<positions {
          let offset = position &* block &* 4
          let ds = gradient.load(fromByteOffset: offset, as: SIMD8<Float>.self)
          to.storeBytes(of: ds * limit + share, toByteOffset: offset, as: SIMD8<Float>.self)
        }
      }
    }
  }

  /// dx = dy/P at every position of a channel: backward through global average pooling, `dy` `[N, C]`.
  static func spread(
    _ dy: UnsafePointer<Float>, _ layout: ChannelLayout, into dx: UnsafeMutablePointer<Float>, unit: Int
  ) {
    let (positions, block) = (layout.positions, layout.block)
    let channel = unit * block
    let factor = 1 / Float(positions)
    for position in 0..<positions {
      let target = dx + (unit * positions + position) * block
      for lane in 0..<block { target[lane] = dy[channel + lane] * factor }
    }
  }
}
