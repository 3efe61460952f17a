import StableHashing
package import Tensors

/// Normal random numbers by position: the i-th of a stream is a function of (seed, stream name, i) alone, in integer
/// arithmetic up to one final rounded multiplication, so that Swift and Python give the same bits.
///
/// - key = FNV-1a 64 of the stream's UTF-8, exclusive-or with the seed, through `SplitMix64.mix`;
/// - h_i = the i-th number, from 0, of `SplitMix64` seeded with the key;
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
    key = SplitMix64.mix(FNV1a(stream.utf8).value ^ seed)
  }

  /// `shape.count` numbers of mean 0 and the given standard deviation.
  package func tensor(_ shape: Shape, deviation: Double) -> Tensor<Float> {
    let scale = Float(deviation / Self.sumDeviation)
    let key = key
    return Tensor(uninitialized: shape) { buffer in
      guard let base = buffer.baseAddress else { return }
      var random = SplitMix64(seed: key)
      for index in 0..<buffer.count {
        let hash = random.next()
        let low = Int32(truncatingIfNeeded: hash & 0xffff) &+ Int32(truncatingIfNeeded: hash >> 16 & 0xffff)
        let high = Int32(truncatingIfNeeded: hash >> 32 & 0xffff) &+ Int32(truncatingIfNeeded: hash >> 48)
        base[index] = Float(low &+ high &- 131_070) * scale
      }
    }
  }

  /// `count` positions of an array of `extent` elements, h_i modulo the extent, with repetitions; or all of them in
  /// order where there are no more than `count`. For goldens, which look at fixed places.
  package func positions(_ count: Int, below extent: Int) -> [Int] {
    guard count < extent else { return Array(0..<extent) }
    var random = SplitMix64(seed: key)
    return (0..<count).map { _ in Int(random.next() % UInt64(extent)) }
  }
}
