import Aggregation
import LearningEvents
import Persistence
import PlainText

/// What `lectern verify` found, as it prints it. Names nobody.
struct VerifyReport: Encodable {
  struct Counts: Encodable {
    let ledgers: Int
    let samples, rejects: Int64
    let courses, sessionsRecomputed, sessionsDirty, sessionsFrozen: Int
  }

  /// How far workers are behind the log; never a violation.
  struct Lag: Encodable {
    struct Partition: Encodable {
      let topic: TopicName
      let partition, ledger: Int32
      let next, end, lag: Int64
    }

    let records: Int64
    let partitions: [Partition]
  }

  let ok: Bool
  /// When the snapshot was taken.
  let at: String
  let checks: [ConsistencyCheck]
  let counts: Counts
  /// Nil without Kafka.
  let lag: Lag?
  let milliseconds: Int64

  init(
    at: EventTime, log: LogConsistency.Report, rollups: RollupVerification.Report, checks: [ConsistencyCheck],
    lag: Lag?, took: Duration
  ) {
    ok = checks.allSatisfy { $0.outcome != .failed }
    (self.at, self.checks, self.lag, milliseconds) = (at.rfc3339, checks, lag, took.wholeMilliseconds)
    counts = Counts(
      ledgers: log.ledgers.count, samples: log.samples, rejects: log.rejects,
      courses: rollups.courses, sessionsRecomputed: rollups.sessionsRecomputed, sessionsDirty: rollups.sessionsDirty,
      sessionsFrozen: rollups.sessionsFrozen)
  }

  /// A table of checks, what does not hold below it, and what it was about.
  var text: String {
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
    if let lag {
      let behind = lag.partitions.filter { $0.lag > 0 }.map {
        "\($0.topic.text.printable)[\($0.partition)] \($0.lag)"
      }
      text += "lag        \(lag.records) records\(behind.isEmpty ? "" : ": " + behind.joined(separator: ", "))\n"
    }
    return text + (ok ? "everything that was checked holds\n" : "SOMETHING DOES NOT HOLD\n")
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
