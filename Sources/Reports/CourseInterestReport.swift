package import Persistence

/// What a course-interest report says: which parts of a course its learners seemed interested in, and how sure that is.
///
/// A plain value: everything in it was released for teachers (see docs on suppression), so it holds no learner, and no
/// figure of a cohort under the minimum. Figures are integers in ten-thousandths of their unit, as they are stored:
/// 6200 is 62 of 100, or 62 %. The same value always renders to the same bytes.
package struct CourseInterestReport: Sendable, Equatable, Codable {
  /// Raised when a field changes its meaning.
  package var formatVersion = 1
  package var course: Course
  /// First and last day on which the figures were released (`2026-11-23`), UTC; nil if nothing was. Not the days of the
  /// sittings: the first or last of them may be one learner's alone.
  package var period: Period?
  /// When the figures were read, RFC 3339, UTC.
  package var madeAt: String
  /// When the oldest and the newest of the shown figures were released, RFC 3339, UTC; nil if nothing was.
  package var released: Released?
  /// What is stored and not in the figures yet; nil if nothing is.
  package var backlog: Backlog?
  /// The networks that measured the frames.
  package var models: [ReportedModel]
  /// True if the frames show rendered faces: a demonstration.
  package var framesAreSynthetic: Bool
  package var deployment: Deployment
  /// Of the whole deployment, which counts no frame by course before it accepts it.
  package var frames: IngestTotals
  /// Cohorts with fewer learners are not shown.
  package var cohortMinimum: Int
  /// Which version of the metrics' weights the figures were made with.
  package var weightsVersion: Int
  /// Where the frames of many sessions come at another interval than the one that counts for them; coverage is wrong
  /// then. Nil otherwise, and in reports of before there was this field.
  package var frameInterval: FrameInterval?
  /// Every segment of the course in its order, shown or not.
  package var segments: [Segment]

  package struct Course: Sendable, Equatable, Codable {
    package var id: Int64
    package var title: String
  }

  package struct Period: Sendable, Equatable, Codable {
    package var firstDay: String
    package var lastDay: String
  }

  package struct Released: Sendable, Equatable, Codable {
    package var first: String
    package var last: String

    package init(first: String, last: String) { (self.first, self.last) = (first, last) }
  }

  /// Sessions that wait to be counted.
  package struct Backlog: Sendable, Equatable, Codable {
    /// The figures count what was stored before this time, RFC 3339, UTC.
    package var countedUntil: String
    /// How many sessions wait, rounded down to fives: 0 is fewer than five.
    package var sessions: Int64

    package init(countedUntil: String, sessions: Int64) {
      (self.countedUntil, self.sessions) = (countedUntil, sessions)
    }
  }

  /// Where and why this deployment may infer emotions at all.
  package struct Deployment: Sendable, Equatable, Codable {
    /// ISO 3166 country code.
    package var region: String
    package var purpose: String
    /// The reference of the legal basis, where the purpose needs one.
    package var basis: String?

    package init(region: String, purpose: String, basis: String? = nil) {
      self.region = region
      self.purpose = purpose
      self.basis = basis
    }
  }

  /// The median time from one frame to the next, and the interval that counts, in milliseconds.
  package struct FrameInterval: Sendable, Equatable, Codable {
    package var observedMs: Int64
    package var countedMs: Int64
  }

  package struct Segment: Sendable, Equatable, Codable {
    package var id: Int64
    package var ordinal: Int
    package var title: String
    /// Nil where the cohort is too small to be shown, or nothing was measured.
    package var figures: Figures?
    /// Released minutes in ascending order; what is missing is not shown.
    package var minutes: [Minute]
  }
}
