/// The seeded generator of everything that is drawn or initialised here: SplitMix64 (Steele, Lea, Flood 2014).
/// The same seed gives the same numbers on every machine; no use of it is secret.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// A stream of its own for a pair of seeds, so that nearby pairs share nothing.
  package init(seed: UInt64, stream: UInt64) {
    var first = SplitMix64(seed: seed)
    var second = SplitMix64(seed: stream ^ 0x6C65_6374_6572_6E00)
    self.init(seed: first.next() ^ second.next().byteSwapped)
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in the closed range, in steps of 2⁻²⁴ of its length.
  package mutating func uniform(_ range: ClosedRange<Float>) -> Float {
    let unit = Float(next() >> 40) * (1 / 16_777_216)
    return range.lowerBound + (range.upperBound - range.lowerBound) * unit
  }

  /// Bell-shaped around 0 with deviation about 1, never beyond ±3.5 (the sum of twelve uniforms, cut).
  package mutating func bell() -> Float {
    var sum: Float = -6
    for _ in 0..<12 { sum += uniform(0...1) }
    return min(max(sum, -3.5), 3.5)
  }

  package mutating func chance(_ probability: Float) -> Bool { uniform(0...1) < probability }

  package mutating func pick<T>(_ choices: [T]) -> T { choices[Int(next() % UInt64(choices.count))] }
}
