import StableHashing

/// Any number of made-up people: a seed and their number say who they are.
package struct SyntheticSubjects: Sendable, Hashable {
  package let seed: UInt64
  package let count: Int

  /// - Parameter count: at least 1; 100 by default, as many as the paper had.
  package init(seed: UInt64, count: Int = 100) {
    precondition(count > 0, "there is at least one subject")
    self.seed = seed
    self.count = count
  }

  /// The learner that the renderer draws for a subject of 0..<count. More subjects leave the first ones as they are.
  package subscript(subject: Int) -> UInt64 {
    precondition((0..<count).contains(subject), "no such subject")
    var random = SplitMix64(seed: seed, stream: UInt64(subject) ^ 0x5355_424A_4543_5400)
    return random.next()
  }
}
