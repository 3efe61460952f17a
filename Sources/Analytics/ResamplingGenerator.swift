/// SplitMix64 (Steele, Lea and Flood 2014): 64 random bits a step from a counter, the same on every machine.
struct ResamplingGenerator {
  private var state: UInt64

  init(seed: BootstrapSeed) { state = seed.value }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// An index in 0..<count: the high word of `next() × count`. Its bias, count/2^64, is beyond any use here.
  mutating func index(below count: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(count)).high) }
}
