package import Analytics

/// What an aggregator did.
package struct AggregationCounts: Sendable, Hashable {
  /// Transactions that recomputed something.
  package var passes = 0
  package var sessions = 0
  /// Segments whose metrics were computed again.
  package var segments = 0
  /// Recomputed sessions whose frames come at another interval than the one that counts for them.
  package var intervalMismatches = 0
  /// What is observed where a course has such sessions now and had none before.
  package var newMismatches: [FramePace] = []
  package var cellsReleased = 0
  package var cellsWithdrawn = 0
  /// Samples removed for erasures and revocations.
  package var samplesErased = 0
  /// Erasures and revocations that were carried out to their end.
  package var erasures = 0
  /// Samples dropped with their day, and rows of sums and sessions older than those are kept.
  package var samplesExpired = 0
  package var sumsExpired = 0
  package var sessionsExpired = 0

  package init() {}

  package static func += (sum: inout Self, term: Self) {
    sum.passes += term.passes
    sum.sessions += term.sessions
    sum.segments += term.segments
    sum.intervalMismatches += term.intervalMismatches
    sum.newMismatches += term.newMismatches
    sum.cellsReleased += term.cellsReleased
    sum.cellsWithdrawn += term.cellsWithdrawn
    sum.samplesErased += term.samplesErased
    sum.erasures += term.erasures
    sum.samplesExpired += term.samplesExpired
    sum.sumsExpired += term.sumsExpired
    sum.sessionsExpired += term.sessionsExpired
  }
}
