package import Aggregation
package import LearningEvents
package import Persistence
import PlainText
import Telemetry
import TextOutput

/// The result of `lectern verify`, as text and JSON. No learner is in it.
package struct VerifyReport: Encodable {
  struct Counts: Encodable {
    let ledgers: Int
    let samples, rejects: Int64
    let courses, sessionsRecomputed, sessionsDirty, sessionsFrozen: Int
    /// Sessions whose frames come at another interval than the one that counts for them.
    let intervalMismatches: Int64
  }

  /// How far workers are behind the log; never a violation.
  package struct Lag: Encodable {
    package struct Partition: Encodable {
      let topic: TopicName
      let partition, ledger: Int32
      let next, end, lag: Int64

      package init(topic: TopicName, partition: Int32, ledger: Int32, next: Int64, end: Int64) {
        (self.topic, self.partition, self.ledger, self.next, self.end) = (topic, partition, ledger, next, end)
        lag = max(0, end - next)
      }
    }

    let records: Int64
    let partitions: [Partition]

    package init(_ partitions: [Partition]) {
      records = partitions.reduce(0) { $0 + $1.lag }
      self.partitions = partitions
    }
  }

  package let ok: Bool
  /// When the snapshot was taken.
  let at: String
  let checks: [ConsistencyCheck]
  let counts: Counts
  /// Nil without Kafka.
  let lag: Lag?
  let milliseconds: Int64
  private let coursesWithMismatches: Int64

  private enum CodingKeys: String, CodingKey { case ok, at, checks, counts, lag, milliseconds }

  package init(
    at: EventTime, log: LogConsistency.Report, rollups: RollupVerification.Report, checks: [ConsistencyCheck],
    lag: Lag?, took: Duration
  ) {
    ok = checks.allSatisfy { $0.outcome != .failed }
    (self.at, self.checks, self.lag, milliseconds) = (at.rfc3339, checks, lag, took.wholeMilliseconds)
    counts = Counts(
      ledgers: log.ledgers.count, samples: log.samples, rejects: log.rejects,
      courses: rollups.courses, sessionsRecomputed: rollups.sessionsRecomputed, sessionsDirty: rollups.sessionsDirty,
      sessionsFrozen: rollups.sessionsFrozen, intervalMismatches: rollups.intervalMismatches)
    coursesWithMismatches = rollups.coursesWithMismatches
  }

  /// A table of checks, the violations below it, and the totals of the snapshot.
  package var text: String {
    let rows = checks.map { check in
      [
        check.name, check.outcome == .failed ? "FAILED" : check.outcome.rawValue,
        check.outcome == .ok || check.violations > 0 ? "\(check.violations)" : "-",
        check.milliseconds.map { "\($0) ms" } ?? "", check.compares,
      ]
    }
    var text = TextTable(["check", "outcome", "violations", "time", "compares"], leading: 2, last: .text).text(rows)
    for check in checks {
      if let note = check.note { text += "\n\(check.name): \(note.printable)\n" }
      guard !check.places.isEmpty else { continue }
      text += "\n\(check.name): the first \(check.places.count) of \(check.violations)\n"
      for place in check.places { text += "  \(Self.line(place))\n" }
    }
    text += """

      snapshot   \(at), looked at in \(milliseconds) ms
      ledgers    \(counts.ledgers), with \(counts.samples) samples and \(counts.rejects) rejects stored
      courses    \(counts.courses)
      sessions   \(counts.sessionsRecomputed) recomputed, \(counts.sessionsDirty) dirty, \(counts.sessionsFrozen) frozen

      """
    if counts.intervalMismatches > 0 {
      text +=
        "intervals  frames of \(counts.intervalMismatches) sessions in \(coursesWithMismatches) courses come at another "
        + "interval than counts for them: their coverage is wrong until the LMS declares it\n"
    }
    if let lag {
      let behind = lag.partitions.filter { $0.lag > 0 }.map {
        "\($0.topic.text.printable)[\($0.partition)] \($0.lag)"
      }
      text += "lag        \(lag.records) records\(behind.isEmpty ? "" : ": " + behind.joined(separator: ", "))\n"
    }
    return text + (ok ? "everything that was checked holds\n" : "SOMETHING DOES NOT HOLD\n")
  }

  /// What is said of an interrupted verification: it has no verdict, but what it found is found.
  package static func interruption(of checks: [ConsistencyCheck], after time: Duration) -> String {
    let failed = checks.filter { $0.outcome == .failed }.map(\.name)
    let found = failed.isEmpty ? "none of them failed" : "FAILED: \(failed.joined(separator: ", "))"
    let made = checks.isEmpty ? "no check was made" : "\(checks.count) checks were made, \(found)"
    return "interrupted after \(time.wholeMilliseconds) ms, without a verdict: \(made)"
  }

  private static func line(_ place: ConsistencyCheck.Place) -> String {
    var words: [String] = []
    if let topic = place.topic, let partition = place.partition {
      words.append("\(topic.text.printable)[\(partition)]")
      if let incarnation = place.incarnation, incarnation > 0 { words.append("incarnation \(incarnation)") }
    }
    if let ledger = place.ledger { words.append("ledger \(ledger)") }
    if let offset = place.offset { words.append("offset \(offset)") }
    if let course = place.course { words.append("course \(course)") }
    return words.joined(separator: ", ") + ": " + place.detail.printable
  }
}
