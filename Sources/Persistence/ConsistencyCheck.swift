package import LearningEvents

/// One thing that must hold in a database, and whether it does.
///
/// Names nobody: places are ledgers, topics, partitions, offsets and numbers of courses.
package struct ConsistencyCheck: Sendable, Equatable, Encodable {
  package enum Outcome: String, Sendable, Encodable {
    case ok, failed
    /// Not looked at; `note` says why.
    case skipped
  }

  /// Where something does not hold.
  package struct Place: Sendable, Equatable, Encodable {
    package var ledger: Int32?
    package var topic: TopicName?
    package var incarnation: Int32?
    package var partition: Int32?
    package var offset: Int64?
    package var course: Int64?
    package var detail: String

    package init(
      ledger: Int32? = nil, log: LogIdentity? = nil, offset: Int64? = nil, course: Int64? = nil, detail: String
    ) {
      (self.ledger, topic, incarnation, partition) = (ledger, log?.topic, log?.incarnation, log?.partition)
      (self.offset, self.course, self.detail) = (offset, course, detail)
    }
  }

  /// Stable, for programs: `ledger_arithmetic`.
  package let name: String
  /// What is compared with what.
  package let compares: String
  package let outcome: Outcome
  package let violations: Int64
  /// The first few of the violations.
  package let places: [Place]
  /// What the statement of this check took; nil where another's statement answered it too.
  package var milliseconds: Int64?
  package var note: String?

  package static let placeLimit = 5

  /// A check that was made: it failed if there are violations.
  package init(
    _ name: String, compares: String, violations: Int64, places: [Place], took: Duration? = nil, note: String? = nil
  ) {
    (self.name, self.compares, self.violations, self.note) = (name, compares, violations, note)
    self.places = Array(places.prefix(Self.placeLimit))
    outcome = violations == 0 ? .ok : .failed
    milliseconds = took.map { Int64($0 / .milliseconds(1)) }
  }

  /// A check that was not made: skipped, or failed where it should have been.
  package init(_ name: String, compares: String, unmade outcome: Outcome, because note: String) {
    (self.name, self.compares, self.outcome, self.note) = (name, compares, outcome, note)
    (violations, places) = (0, [])
  }
}
