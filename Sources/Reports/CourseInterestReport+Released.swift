import Analytics
package import LearningEvents
package import Persistence

extension CourseInterestReport {
  /// A report from what was released of a course. The time is passed in; equal inputs give equal reports.
  package init(_ course: ReleasedCourse, context: ReportContext, madeAt: EventTime) {
    self.init(
      course: .init(id: course.id, title: course.title),
      period: course.released.map { .init(firstDay: $0.lowerBound.day.iso, lastDay: $0.upperBound.day.iso) },
      madeAt: madeAt.rfc3339,
      released: course.released.map { .init(first: $0.lowerBound.rfc3339, last: $0.upperBound.rfc3339) },
      backlog: course.backlog.map { .init(countedUntil: $0.countedUntil.rfc3339, sessions: $0.sessions) },
      models: course.models, framesAreSynthetic: context.framesAreSynthetic, deployment: context.deployment,
      frames: course.totals, cohortMinimum: context.cohortMinimum,
      weightsVersion: Int(course.weightsVersions.last ?? MetricWeights.version1.version),
      frameInterval: course.mismatch.map {
        FrameInterval(observedMs: $0.observedMilliseconds, countedMs: $0.declaredMilliseconds)
      },
      segments: course.segments.map(Segment.init))
  }
}

extension CourseInterestReport.Segment {
  init(_ segment: ReleasedSegment) {
    let figures = CourseInterestReport.Figures(segment.metrics)
    self.init(
      id: segment.id, ordinal: Int(segment.ordinal), title: segment.title, figures: figures,
      // Minutes are released with their segment only; a segment that is withheld has none.
      minutes: figures == nil
        ? []
        : segment.minutes.sorted { $0.key < $1.key }.compactMap { minute, metrics in
          CourseInterestReport.Minute(index: minute, metrics)
        })
  }
}

extension CourseInterestReport.Figures {
  /// Nil unless every metric that the report shows was released.
  init?(_ metrics: [Metric: ReleasedMetric]) {
    func estimate(_ metric: Metric) -> CourseInterestReport.Estimate? {
      metrics[metric].map { .init(mean: $0.mean, low: $0.interval.lowerBound, high: $0.interval.upperBound) }
    }
    guard let concentration = estimate(.concentration), let engagement = estimate(.engagement),
      let onTask = estimate(.onTask), let interest = estimate(.interest), let confused = estimate(.confused),
      let learners = metrics[.concentration]?.learners, let coverage = metrics[.coverage]?.mean,
      let low = metrics[.concentrationLow]?.mean, let high = metrics[.concentrationHigh]?.mean,
      let emotions = metrics.emotionShares
    else { return nil }
    self.init(
      learners: Int(learners), coverage: coverage, concentration: concentration, concentrationLow: low,
      concentrationHigh: high, engagement: engagement, onTask: onTask, interest: interest, emotions: emotions,
      confused: confused, confusionEpisodes: metrics[.confusionEpisodes]?.mean)
  }
}

extension CourseInterestReport.Minute {
  /// Nil unless concentration and all emotions were released.
  init?(index: Int32, _ metrics: [Metric: ReleasedMetric]) {
    guard index >= 0, let concentration = metrics[.concentration], let emotions = metrics.emotionShares else {
      return nil
    }
    self.init(
      index: Int(index), learners: Int(concentration.learners), concentration: concentration.mean, emotions: emotions)
  }
}

extension [Metric: ReleasedMetric] {
  /// The shares in the order of the emotions, or nil if one is missing.
  fileprivate var emotionShares: [Int64]? {
    let shares = LearnerMetrics.shares.compactMap { self[$0.1]?.mean }
    return shares.count == Emotion.count ? shares : nil
  }
}
