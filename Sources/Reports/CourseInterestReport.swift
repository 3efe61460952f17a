package import LearningEvents

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
  /// The networks that measured the frames.
  package var models: [Model]
  /// True if the frames show rendered faces: a demonstration.
  package var framesAreSynthetic: Bool
  package var deployment: Deployment
  package var frames: Frames
  /// Cohorts with fewer learners are not shown.
  package var cohortMinimum: Int
  /// Which version of the metrics' weights the figures were made with.
  package var weightsVersion: Int
  /// Every segment of the course in its order, shown or not.
  package var segments: [Segment]

  package struct Course: Sendable, Equatable, Codable {
    package var id: Int64
    package var title: String

    package init(id: Int64, title: String) {
      self.id = id
      self.title = title
    }
  }

  package struct Period: Sendable, Equatable, Codable {
    package var firstDay: String
    package var lastDay: String

    package init(firstDay: String, lastDay: String) {
      self.firstDay = firstDay
      self.lastDay = lastDay
    }
  }

  package struct Model: Sendable, Equatable, Codable {
    /// Hexadecimal SHA-256 of the bundle.
    package var id: ModelID
    /// Such as `drsn18`; empty if the bundle does not say.
    package var name: String
    package var isTrained: Bool

    package init(id: ModelID, name: String, isTrained: Bool) {
      self.id = id
      self.name = name
      self.isTrained = isTrained
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

  /// What became of the frames of the whole deployment, which counts no frame by course before it accepts it.
  package struct Frames: Sendable, Equatable, Codable {
    package var stored: Int64
    package var rejected: Int64
    package var duplicates: Int64

    package init(stored: Int64, rejected: Int64, duplicates: Int64) {
      self.stored = stored
      self.rejected = rejected
      self.duplicates = duplicates
    }
  }

  package struct Segment: Sendable, Equatable, Codable {
    package var id: Int64
    package var ordinal: Int
    package var title: String
    /// Nil where the cohort is too small to be shown, or nothing was measured.
    package var figures: Figures?
    /// Released minutes in ascending order; what is missing is not shown.
    package var minutes: [Minute]

    package init(id: Int64, ordinal: Int, title: String, figures: Figures?, minutes: [Minute] = []) {
      self.id = id
      self.ordinal = ordinal
      self.title = title
      self.figures = figures
      self.minutes = minutes
    }
  }

  package init(
    course: Course, period: Period?, madeAt: String, models: [Model], framesAreSynthetic: Bool,
    deployment: Deployment, frames: Frames, cohortMinimum: Int, weightsVersion: Int, segments: [Segment]
  ) {
    self.course = course
    self.period = period
    self.madeAt = madeAt
    self.models = models
    self.framesAreSynthetic = framesAreSynthetic
    self.deployment = deployment
    self.frames = frames
    self.cohortMinimum = cohortMinimum
    self.weightsVersion = weightsVersion
    self.segments = segments
  }
}
