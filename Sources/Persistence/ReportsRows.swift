package import Analytics
package import LearningEvents

/// A course in the list of courses.
package struct ReportedCourse: Sendable, Equatable {
  package let id: Int64
  package let title: String
  /// Current segments.
  package let segments: Int

  package init(id: Int64, title: String, segments: Int) {
    (self.id, self.title, self.segments) = (id, title, segments)
  }
}

/// What may be shown of one course: released cells of the cohort minimum or more, and what they came from.
package struct ReleasedCourse: Sendable, Equatable {
  package let id: Int64
  package let title: String
  /// Current segments by ordinal, those without released cells included.
  package let segments: [ReleasedSegment]
  /// When the oldest and the newest of these cells were released; nil without any.
  package let released: ClosedRange<EventTime>?
  /// The versions of the metrics' weights behind the cells, usually one.
  package let weightsVersions: [Int16]
  package let models: [ReportedModel]
  package let totals: IngestTotals
  /// What is stored of the course and not in its figures yet; nil if there is nothing.
  package let backlog: ReportBacklog?
  /// Where many sessions' frames come at another interval than the one that counts for them.
  package let mismatch: FramePace?

  package init(
    id: Int64, title: String, segments: [ReleasedSegment], released: ClosedRange<EventTime>?, weightsVersions: [Int16],
    models: [ReportedModel], totals: IngestTotals, backlog: ReportBacklog? = nil, mismatch: FramePace? = nil
  ) {
    self.id = id
    self.title = title
    self.segments = segments
    self.released = released
    self.weightsVersions = weightsVersions
    self.models = models
    self.totals = totals
    self.backlog = backlog
    self.mismatch = mismatch
  }
}

/// Sessions of a course whose samples are stored and not computed yet.
package struct ReportBacklog: Sendable, Equatable {
  /// When the first of them began to wait: the figures are of before that.
  package let countedUntil: EventTime
  /// How many wait, rounded down to a multiple of five.
  package let sessions: Int64

  package init(countedUntil: EventTime, sessions: Int64) {
    (self.countedUntil, self.sessions) = (countedUntil, sessions)
  }
}

/// A segment with its released metrics and minutes; both empty where nothing may be shown.
package struct ReleasedSegment: Sendable, Equatable {
  package let id: Int64
  package let ordinal: Int32
  package let title: String
  package let metrics: [Metric: ReleasedMetric]
  /// By minute from the segment's start; mean values.
  package let minutes: [Int32: [Metric: ReleasedMetric]]

  package init(
    id: Int64, ordinal: Int32, title: String, metrics: [Metric: ReleasedMetric],
    minutes: [Int32: [Metric: ReleasedMetric]]
  ) {
    self.id = id
    self.ordinal = ordinal
    self.title = title
    self.metrics = metrics
    self.minutes = minutes
  }
}

/// One released number with its cohort, rounded as released.
package struct ReleasedMetric: Sendable, Hashable {
  /// Rounded down to a multiple of five.
  package let learners: Int32
  /// Ten-thousandths.
  package let mean: Int64
  /// The 95 % interval of the mean; for minutes the mean alone.
  package let interval: ClosedRange<Int64>

  package init(learners: Int32, mean: Int64, interval: ClosedRange<Int64>) {
    self.learners = learners
    self.mean = mean
    self.interval = interval
  }
}

/// A model bundle that measured samples of a course.
package struct ReportedModel: Sendable, Equatable, Codable {
  /// Hexadecimal SHA-256 of the bundle.
  package let id: ModelID
  /// What its evaluation calls it (`name`), such as `drsn18`; empty if nothing.
  package let name: String
  package let isTrained: Bool

  package init(id: ModelID, name: String, isTrained: Bool) {
    self.id = id
    self.name = name
    self.isTrained = isTrained
  }
}

/// What became of all frames of the deployment, over every course.
package struct IngestTotals: Sendable, Equatable, Codable {
  package let stored: Int64
  package let rejected: Int64
  package let duplicates: Int64

  package init(stored: Int64, rejected: Int64, duplicates: Int64) {
    self.stored = stored
    self.rejected = rejected
    self.duplicates = duplicates
  }
}

/// A report as it is stored.
package struct ReportRecord: Sendable, Equatable {
  package var course: Int64
  package var madeAt: EventTime
  package var cohortMinimum: Int
  package var weightsVersion: Int16
  package var formatVersion: Int32
  /// JSON.
  package var document: String

  package init(
    course: Int64, madeAt: EventTime, cohortMinimum: Int, weightsVersion: Int16, formatVersion: Int32,
    document: String
  ) {
    (self.course, self.madeAt, self.cohortMinimum) = (course, madeAt, cohortMinimum)
    (self.weightsVersion, self.formatVersion, self.document) = (weightsVersion, formatVersion, document)
  }
}
