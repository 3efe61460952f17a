package import Ingest
import LearningEvents
package import Persistence

/// A change that an operator may make to one ledger.
package protocol LedgerChange: Encodable, Sendable {
  /// Why it is refused where no partition was named and none is in its state.
  static var none: String { get }
  /// Nil for a ledger that is not in its state.
  init?(_ examination: LedgerExamination)
  /// Why it is refused for a ledger that is not in its state.
  static func refusal(_ examination: LedgerExamination) -> String
  /// What it does, on a line.
  var sentence: String { get }
  /// Makes it, if the ledger still is where it was.
  func make(in repository: LedgerRepository, by user: String) async throws
}

/// Offsets that were never stored and are in the log no more.
package struct LedgerGap: LedgerChange {
  let topic: TopicName
  let partition, ledger: Int32
  /// The offsets [from, to).
  let from, to: Int64
  let lost: Int64
  /// True if they lie before the ledger's first offset; workers do not park for those.
  let isBeginning: Bool

  package init?(_ examination: LedgerExamination) {
    let row = examination.ledger
    (topic, partition, ledger) = (row.log.topic, row.log.partition, row.ledgerID)
    switch examination.reason {
    case .retentionPassed(let next, let low): (from, to, isBeginning) = (next, low, false)
    case nil where row.firstOffset > 0: (from, to, isBeginning) = (0, row.firstOffset, true)
    case nil, .logIsShorter, .logIsGone, .recordDiffers, .topicIsAnother: return nil
    }
    lost = to - from
  }

  package var sentence: String {
    "\(topic)[\(partition)]: \(lost) offsets, \(from) to \(to - 1), \(isBeginning ? "before the first one read" : "gone before they were stored")"
  }

  package static let none = "no partition has a gap"

  package static func refusal(_ examination: LedgerExamination) -> String {
    guard let reason = examination.reason else { return "nothing is missing: its ledger fits the log" }
    if case .retentionPassed = reason { return "nothing is missing" }
    return "it is parked for another reason, which 'lectern ledger new-incarnation' is for: \(reason)"
  }

  package func make(in repository: LedgerRepository, by user: String) async throws {
    if isBeginning {
      try await repository.acceptBeginning(ledgerID: ledger, expectedFirst: to, by: user)
    } else {
      try await repository.acceptGap(ledgerID: ledger, expectedNext: from, begin: to, by: user)
    }
  }
}

/// A log that was made again under its old name.
package struct LedgerRenewal: LedgerChange {
  let topic: TopicName
  let partition, ledger, incarnation: Int32
  let oldNext, first: Int64
  let reason: String

  package init?(_ examination: LedgerExamination) {
    switch examination.reason {
    case .logIsShorter, .logIsGone, .recordDiffers, .topicIsAnother: break
    case nil, .retentionPassed: return nil
    }
    let row = examination.ledger
    (topic, partition, ledger) = (row.log.topic, row.log.partition, row.ledgerID)
    (incarnation, oldNext, first) = ((row.log.incarnation ?? 0) + 1, row.nextOffset, examination.lowWatermark)
    reason = examination.reason?.description ?? ""
  }

  package var sentence: String {
    "\(topic)[\(partition)]: incarnation \(incarnation), from offset \(first) on; the old ledger stays at \(oldNext)"
  }

  package static let none = "no partition's log was made again"

  package static func refusal(_ examination: LedgerExamination) -> String {
    guard let reason = examination.reason else { return "its log is the one the ledger knows" }
    return "it is parked for another reason, which 'lectern ledger accept-gap' is for: \(reason)"
  }

  package func make(in repository: LedgerRepository, by user: String) async throws {
    try await repository.newIncarnation(ledgerID: ledger, expectedNext: oldNext, first: first, by: user)
  }
}
