/// Sweeps over whole blocked feature maps: what the attention blocks, the additions beside them and global pooling
/// need. Memory-bound; eight lanes at a time where the layout has channels in blocks, plainly elsewhere.
enum ChannelKernels {
  /// The mean over positions of each channel of one sample, or of its absolute values, into `layout.channels` floats.
  static func averages(
    _ source: UnsafePointer<Float>, _ layout: ChannelLayout, sample: Int, absolute: Bool,
    into target: UnsafeMutablePointer<Float>
  ) {
    let (positions, block) = (layout.positions, layout.block)
    let mask = SIMD8<UInt32>(repeating: absolute ? 0x7fff_ffff : 0xffff_ffff)
    let count = Float(positions)
    for group in 0..<layout.groups {
      let base = source + (sample * layout.groups + group) * positions * block
      if block.isMultiple(of: 8) {
        for lane in stride(from: 0, to: block, by: 8) {
          let from = UnsafeRawPointer(base + lane)
          let total = sum(positions) { position in
            let bits = from.load(fromByteOffset: position * block * 4, as: SIMD8<UInt32>.self) & mask
            return unsafeBitCast(bits, to: SIMD8<Float>.self)
          }
          for offset in 0..<8 { target[group * block + lane + offset] = total[offset] / count }
        }
      } else {
        for lane in 0..<block {
          var total: Double = 0
          for position in 0..<positions {
            let value = base[position * block + lane]
            total += Double(absolute ? abs(value) : value)
          }
          target[group * block + lane] = Float(total / Double(positions))
        }
      }
    }
  }

  /// The sum of eight channels' term over positions, in runs of 64 so that rounding does not grow with their number.
  @inline(__always)
  static func sum(_ positions: Int, _ term: (Int) -> SIMD8<Float>) -> SIMD8<Float> {
    var total = SIMD8<Float>.zero
    var start = 0
    while start < positions {
      let end = min(start + 64, positions)
      var run = SIMD8<Float>.zero
      for position in start..<end { run += term(position) }
      total += run
      start = end
    }
    return total
  }

  /// y = max(scale_c·(x − clamp(x, −threshold_c, threshold_c)) + residual, floor) for one sample; with threshold 0 and
  /// scale 1 the identity, and with scale 1 the soft thresholding sign(x)·max(|x| − threshold, 0). `target` may be
  /// `source` or `residual`. NaN in x, the threshold, the scale or the residual gives NaN, never a number; so does an
  /// infinite x under an infinite threshold (∞ − ∞).
  static func combine(
    _ source: UnsafePointer<Float>, residual: UnsafePointer<Float>?, into target: UnsafeMutablePointer<Float>,
    _ layout: ChannelLayout, sample: Int, threshold: UnsafePointer<Float>, scale: UnsafePointer<Float>, floor: Float
  ) {
    let (positions, block) = (layout.positions, layout.block)
    for group in 0..<layout.groups {
      let offset = (sample * layout.groups + group) * positions * block
      let (thresholds, scales) = (threshold + group * block, scale + group * block)
      if block.isMultiple(of: 8) {
        for lane in stride(from: 0, to: block, by: 8) {
          let vector = Vector(
            limit: UnsafeRawPointer(thresholds + lane).loadUnaligned(as: SIMD8<Float>.self),
            scale: UnsafeRawPointer(scales + lane).loadUnaligned(as: SIMD8<Float>.self),
            floor: SIMD8(repeating: floor))
          vector.sweep(
            UnsafeRawPointer(source + offset + lane), residual.map { UnsafeRawPointer($0 + offset + lane) },
            UnsafeMutableRawPointer(target + offset + lane), positions, strideBytes: block * 4)
        }
      } else {
        for position in 0..<positions {
          for lane in 0..<block {
            let index = offset + position * block + lane
            let (value, limit) = (source[index], thresholds[lane])
            let inside = !(value <= limit) ? limit : value < -limit ? -limit : value
            let sum = (value - inside) * scales[lane] + (residual?[index] ?? 0)
            target[index] = sum < floor ? floor : sum
          }
        }
      }
    }
  }

  /// The parameters of eight channels.
  private struct Vector {
    let limit: SIMD8<Float>
    let scale: SIMD8<Float>
    let floor: SIMD8<Float>

    @inline(__always)
    func shrink(_ x: SIMD8<Float>) -> SIMD8<Float> {
      var inside = x
      // "Not at most", so that a threshold that is NaN wins, and x − x cannot make a 0 of it.
      inside.replace(with: limit, where: .!(inside .<= limit))
      inside.replace(with: -limit, where: inside .< -limit)
      return (x - inside) * scale
    }

    @inline(__always)
    func clip(_ x: SIMD8<Float>) -> SIMD8<Float> { x.replacing(with: floor, where: x .< floor) }

    @inline(__always)
    func sweep(
      _ source: UnsafeRawPointer, _ residual: UnsafeRawPointer?, _ target: UnsafeMutableRawPointer, _ positions: Int,
      strideBytes: Int
    ) {
      guard let residual else {
        for position in 0..<positions {
          let offset = position &* strideBytes
          let x = source.load(fromByteOffset: offset, as: SIMD8<Float>.self)
          target.storeBytes(of: clip(shrink(x)), toByteOffset: offset, as: SIMD8<Float>.self)
        }
        return
      }
      for position in 0..<positions {
        let offset = position &* strideBytes
        let x = source.load(fromByteOffset: offset, as: SIMD8<Float>.self)
        let other = residual.load(fromByteOffset: offset, as: SIMD8<Float>.self)
        target.storeBytes(of: clip(shrink(x) + other), toByteOffset: offset, as: SIMD8<Float>.self)
      }
    }
  }
}
