/// What an aggregator did.
package struct AggregationCounts: Sendable, Hashable {
  /// Transactions that recomputed something.
  package var passes = 0
  package var sessions = 0
  /// Segments whose metrics were computed again.
  package var segments = 0
  package var cellsReleased = 0
  package var cellsWithdrawn = 0
  /// Samples removed for erasures and revocations.
  package var samplesErased = 0

  package init() {}

  package static func += (sum: inout Self, term: Self) {
    sum.passes += term.passes
    sum.sessions += term.sessions
    sum.segments += term.segments
    sum.cellsReleased += term.cellsReleased
    sum.cellsWithdrawn += term.cellsWithdrawn
    sum.samplesErased += term.samplesErased
  }
}
