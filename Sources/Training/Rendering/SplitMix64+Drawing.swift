package import StableHashing

/// The random numbers of everything that is drawn here.
extension SplitMix64 {
  /// A stream of its own for a pair of seeds, so that nearby pairs share nothing.
  package init(seed: UInt64, stream: UInt64) {
    var first = SplitMix64(seed: seed)
    var second = SplitMix64(seed: stream ^ 0x6C65_6374_6572_6E00)
    self.init(seed: first.next() ^ second.next().byteSwapped)
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
