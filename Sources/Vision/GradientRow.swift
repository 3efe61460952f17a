import Foundation

/// The gradients of one row of 64 pixels: magnitudes and bins. Two at a time and without branches, which a natural
/// picture would make unpredictable.
struct GradientRow {
  private static let side = HistogramOfGradients.imageSide

  let magnitudes: UnsafeMutablePointer<Double>
  /// 0…8.
  let bins: UnsafeMutablePointer<Int>
  private let across: UnsafeMutablePointer<Double>

  /// - Parameters:
  ///   - scratch: room for 2·64 numbers that outlives the row.
  ///   - bins: room for 64 numbers that outlives the row.
  init(scratch: UnsafeMutablePointer<Double>, bins: UnsafeMutablePointer<Int>) {
    magnitudes = scratch
    across = scratch + Self.side
    self.bins = bins
  }

  /// Gx = right − left and Gy = below − above; a component across the picture's border is zero.
  func measure(
    _ y: Int, roots: UnsafePointer<Double>, edges: UnsafePointer<(cosine: Double, sine: Double)>, doubt: Double
  ) {
    let side = Self.side
    let row = roots + y * side
    for x in 1..<(side - 1) { across[x] = row[x + 1] - row[x - 1] }
    across[0] = 0
    across[side - 1] = 0
    // On the border both neighbours are the row itself: a difference of zero.
    let isBorder = y == 0 || y == side - 1
    let above = isBorder ? row : row - side
    let below = isBorder ? row : row + side
    var doubtful = SIMD2<Int64>.zero
    for x in stride(from: 0, to: side, by: 2) {
      let gx = Self.pair(across, x)
      let gy = Self.pair(below, x) - Self.pair(above, x)
      let magnitude = (gx * gx + gy * gy).squareRoot()
      let margin = doubt * magnitude
      let a = Self.magnitude(gx)
      let b = Self.magnitude(gy)
      // A true comparison is −1 in every bit pattern of a mask.
      var reached = SIMD2<Int64>.zero
      for edge in 0..<4 {
        let cross = b * edges[edge].cosine - a * edges[edge].sine
        reached &-= Self.bits(cross .>= 0)
        doubtful |= Self.bits(cross .< margin) & Self.bits(cross .> -margin)
      }
      // Of a direction in the second or fourth quadrant the angle is 180° less that of its mirror image.
      let mirrored = Self.bits(gx * gy .< 0)
      let bin = (reached ^ mirrored) &- mirrored &+ (mirrored & SIMD2(repeating: 8))
      magnitudes[x] = magnitude[0]
      magnitudes[x + 1] = magnitude[1]
      bins[x] = Int(bin[0])
      bins[x + 1] = Int(bin[1])
    }
    // A flat row: no gradient, all margins zero, nothing is doubtful.
    guard doubtful != .zero else { return }
    for x in 0..<side where magnitudes[x] > 0 {
      bins[x] = Self.bin(across[x], below[x] - above[x])
    }
  }

  @inline(__always)
  private static func pair(_ row: UnsafePointer<Double>, _ x: Int) -> SIMD2<Double> { SIMD2(row[x], row[x + 1]) }

  /// |v| by clearing the sign bits.
  @inline(__always)
  private static func magnitude(_ values: SIMD2<Double>) -> SIMD2<Double> {
    unsafeBitCast(
      unsafeBitCast(values, to: SIMD2<UInt64>.self) & SIMD2(repeating: UInt64.max >> 1), to: SIMD2<Double>.self)
  }

  @inline(__always)
  private static func bits(_ mask: SIMDMask<SIMD2<Int64>>) -> SIMD2<Int64> {
    unsafeBitCast(mask, to: SIMD2<Int64>.self)
  }

  /// The bin by `atan2`, modulo 180°.
  static func bin(_ gx: Double, _ gy: Double) -> Int {
    var degrees = (atan2(gy, gx) * (180 / .pi)).truncatingRemainder(dividingBy: 180)
    if degrees < 0 { degrees += 180 }
    return min(Int(degrees / 20), 8)
  }
}
