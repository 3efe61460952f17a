package import LearningEvents

/// One cell that teachers and analysts may see, segment or segment × minute, with what it held when last released.
package struct ReleaseCell: Sendable, Equatable {
  package struct Key: Sendable, Hashable, Comparable {
    /// nil: the frames outside any segment.
    package let segment: Int64?
    /// nil: the whole segment.
    package let minute: Int32?

    package init(segment: Int64?, minute: Int32? = nil) {
      self.segment = segment
      self.minute = minute
    }

    package static func < (left: Key, right: Key) -> Bool {
      (left.segment ?? .min, left.minute ?? .min) < (right.segment ?? .min, right.minute ?? .min)
    }
  }

  package let key: Key
  /// The published learners now.
  package let current: [LearnerPseudonym: LearnerDigest]
  /// The published learners of the last release, shown or since withdrawn; empty before the first.
  package let released: [LearnerPseudonym: LearnerDigest]
  /// How many learners of the last release were erased since, and can no longer be named.
  package let departed: Int
  /// Whether the last release is being shown.
  package let isShown: Bool

  package init(
    key: Key, current: [LearnerPseudonym: LearnerDigest], released: [LearnerPseudonym: LearnerDigest] = [:],
    departed: Int = 0,
    isShown: Bool = false
  ) {
    self.key = key
    self.current = current
    self.released = released
    self.departed = departed
    self.isShown = isShown
  }

  /// How many learners came, went or changed since the last release.
  package var changedLearners: Int {
    let cameOrChanged = current.count { released[$0.key] != $0.value }
    let went = released.count { current[$0.key] == nil }
    return cameOrChanged + went + departed
  }
}
