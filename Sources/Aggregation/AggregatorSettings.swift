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
  /// Days that samples are kept, 15 at least, and months that everything computed of them is.
  package var sampleRetentionDays: Int32
  package var aggregateRetentionMonths: Int32
  /// How long until something may have grown too old, and until expiry that gave way is tried again.
  package var expiryInterval: Duration
  package var expiryRetryInterval: Duration
  /// How often a line in the log says what was computed and released, if anything was.
  package var activityInterval: Duration

  package init(
    releasePolicy: ReleasePolicy, pollInterval: Duration = .seconds(2), sessionsPerTransaction: Int = 200,
    erasureChunk: Int32 = 5000, releasePeriodDays: Int32 = 1, weights: MetricWeights = .version1,
    sampleRetentionDays: Int32 = 30, aggregateRetentionMonths: Int32 = 13,
    expiryInterval: Duration = .seconds(600), expiryRetryInterval: Duration = .seconds(60),
    activityInterval: Duration = .seconds(60)
  ) {
    self.releasePolicy = releasePolicy
    self.pollInterval = pollInterval
    self.sessionsPerTransaction = max(1, sessionsPerTransaction)
    self.erasureChunk = max(1, erasureChunk)
    self.releasePeriodDays = max(1, releasePeriodDays)
    self.weights = weights
    self.sampleRetentionDays = max(15, sampleRetentionDays)
    self.aggregateRetentionMonths = max(1, aggregateRetentionMonths)
    self.expiryInterval = expiryInterval
    self.expiryRetryInterval = expiryRetryInterval
    self.activityInterval = activityInterval
  }
}
