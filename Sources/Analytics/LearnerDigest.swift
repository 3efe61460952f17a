import StableHashing

/// A 64-bit digest of what one learner puts into one released cell, to tell whether that learner changed it.
///
/// FNV-1a over the learner's values in the order of `Metric.allCases`, an absent one marked as such. It is compared
/// only with an older digest of the same learner and cell; a collision would count one change too few.
package struct LearnerDigest: Sendable, Hashable {
  package let value: Int64

  package init(value: Int64) { self.value = value }

  package init(_ metrics: LearnerMetrics) {
    var hash = FNV1a()
    for metric in Metric.allCases {
      guard let value = metrics[metric] else {
        hash.add(0)
        continue
      }
      hash.add(1)
      hash.add(littleEndian: value)
    }
    value = Int64(bitPattern: hash.value)
  }
}
