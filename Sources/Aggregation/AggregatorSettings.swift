package import Analytics

/// How an aggregator works.
package struct AggregatorSettings: Sendable {
  /// How long to wait between looks at the dirty entries when there are none.
  package var pollInterval: Duration
  /// Sessions recomputed in one transaction: bounds how long a course is locked.
  package var sessionsPerTransaction: Int
  /// Samples an erasure removes in one transaction.
  package var erasureChunk: Int32
  package var releasePolicy: ReleasePolicy
  /// Days of a release period: at its end waiting changes are shown although few learners made them.
  package var releasePeriodDays: Int32
  package var weights: MetricWeights

  package init(
    releasePolicy: ReleasePolicy, pollInterval: Duration = .seconds(2), sessionsPerTransaction: Int = 200,
    erasureChunk: Int32 = 5000, releasePeriodDays: Int32 = 1, weights: MetricWeights = .version1
  ) {
    self.releasePolicy = releasePolicy
    self.pollInterval = pollInterval
    self.sessionsPerTransaction = max(1, sessionsPerTransaction)
    self.erasureChunk = max(1, erasureChunk)
    self.releasePeriodDays = max(1, releasePeriodDays)
    self.weights = weights
  }
}
