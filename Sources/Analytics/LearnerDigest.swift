/// A 64-bit digest of what one learner puts into one released cell, to tell whether that learner changed it.
///
/// FNV-1a over the learner's values in the order of `Metric.allCases`, an absent one marked as such. It is compared
/// only with an older digest of the same learner and cell; a collision would count one change too few.
package struct LearnerDigest: Sendable, Hashable {
  package let value: Int64

  package init(value: Int64) { self.value = value }

  package init(_ metrics: LearnerMetrics) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    for metric in Metric.allCases {
      guard let value = metrics[metric] else {
        add(0)
        continue
      }
      add(1)
      for shift: UInt64 in [0, 8, 16, 24, 32, 40, 48, 56] {
        add(UInt8(truncatingIfNeeded: UInt64(bitPattern: value) >> shift))
      }
    }
    value = Int64(bitPattern: hash)
  }
}
