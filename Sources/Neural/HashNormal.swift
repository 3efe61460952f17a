package import Tensors

/// Normal random numbers by position: the i-th of a stream is a function of (seed, stream name, i) alone, in integer
/// arithmetic up to one final rounded multiplication, so that Swift and Python give the same bits.
///
/// - key = FNV-1a 64 of the stream's UTF-8, exclusive-or with the seed, through `mix`;
/// - h_i = mix(key + (i + 1)·0x9E3779B97F4A7C15), which is splitmix64 started at the key;
/// - s_i = the sum of h_i's four 16-bit quarters, less 131070: whole, symmetric about 0, within ±131070;
/// - n_i = Float(s_i)·Float(deviation/√((65536² − 1)/3)), the sum's standard deviation.
///
/// A sum of four uniforms is near enough to normal for initial weights (kurtosis −0.3, none beyond 3.47 σ) and,
/// unlike the usual transforms, needs no logarithm, whose last bit differs between libraries.
package struct HashNormal: Sendable {
  private let key: UInt64

  /// The standard deviation of the sum of four independent uniform 16-bit integers.
  private static let sumDeviation = ((65536.0 * 65536.0 - 1) / 3).squareRoot()

  package init(seed: UInt64, stream: String) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    key = Self.mix(hash ^ seed)
  }

  /// `shape.count` numbers of mean 0 and the given standard deviation.
  package func tensor(_ shape: Shape, deviation: Double) -> Tensor<Float> {
    let scale = Float(deviation / Self.sumDeviation)
    let key = key
    return Tensor(uninitialized: shape) { buffer in
      guard let base = buffer.baseAddress else { return }
      var state = key
      for index in 0..<buffer.count {
        state &+= 0x9e37_79b9_7f4a_7c15
        let hash = Self.mix(state)
        let low = Int32(truncatingIfNeeded: hash & 0xffff) &+ Int32(truncatingIfNeeded: hash >> 16 & 0xffff)
        let high = Int32(truncatingIfNeeded: hash >> 32 & 0xffff) &+ Int32(truncatingIfNeeded: hash >> 48)
        base[index] = Float(low &+ high &- 131_070) * scale
      }
    }
  }

  /// `count` positions of an array of `extent` elements, h_i modulo the extent, with repetitions; or all of them in order
  /// where there are no more than `count`. For goldens, which look at fixed places.
  package func positions(_ count: Int, below extent: Int) -> [Int] {
    guard count < extent else { return Array(0..<extent) }
    var state = key
    return (0..<count).map { _ in
      state &+= 0x9e37_79b9_7f4a_7c15
      return Int(Self.mix(state) % UInt64(extent))
    }
  }

  /// splitmix64's finaliser (Steele, Lea and Flood 2014).
  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}
