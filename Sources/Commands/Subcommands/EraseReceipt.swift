import LearningEvents
package import Persistence
import PlainText

/// The result of `lectern erase`: how much was stored of a learner, and how much was removed. The learner is not in it.
package struct EraseReceipt: Encodable {
  let done: Bool
  var erasure: Int64?
  var cutoff: String?
  let samples, sessions, rollupRows: Int64
  let firstCapturedAt, lastCapturedAt: String?
  /// The rows stored now: none, or those that came after a new consent.
  var left: Left?
  /// What became of the learner in Kafka.
  var kafka: ControlNotice?

  struct Left: Encodable { let samples, sessions, rollupRows: Int64 }

  package init(_ before: LearnerHoldings) {
    done = false
    (samples, sessions, rollupRows) = (before.samples, before.sessions, before.rollupRows)
    (firstCapturedAt, lastCapturedAt) = (before.firstCapturedAt?.rfc3339, before.lastCapturedAt?.rfc3339)
  }

  /// Samples and sessions are counted by the database while it deletes, and may be more than `before` holds.
  package init(
    _ before: LearnerHoldings, _ order: ErasureOrder, _ erasure: ErasureReceipt, after: LearnerHoldings,
    kafka: ControlNotice
  ) {
    self.kafka = kafka
    done = erasure.isComplete
    (self.erasure, cutoff) = (order.id, order.cutoff.rfc3339)
    (samples, sessions) = (erasure.samplesRemoved, erasure.sessionsRemoved)
    rollupRows = max(0, before.rollupRows - after.rollupRows)
    (firstCapturedAt, lastCapturedAt) = (before.firstCapturedAt?.rfc3339, before.lastCapturedAt?.rfc3339)
    left = Left(samples: after.samples, sessions: after.sessions, rollupRows: after.rollupRows)
  }

  package var isUnfinished: Bool { erasure != nil && !done }

  package var text: String {
    let verb = erasure == nil ? "stored" : "removed"
    var lines: [(String, String)] = []
    if let erasure, let cutoff { lines.append(("erasure", "\(erasure), for all that is captured until \(cutoff)")) }
    lines.append(("samples", "\(samples) \(verb)"))
    if let firstCapturedAt, let lastCapturedAt {
      lines.append(("captured", "\(firstCapturedAt) to \(lastCapturedAt)"))
    }
    lines += [("sessions", "\(sessions) \(verb)"), ("rollup rows", "\(rollupRows) \(verb)")]
    if let left {
      lines.append(
        ("stored now", "\(left.samples) samples, \(left.sessions) sessions, \(left.rollupRows) rollup rows"))
    }
    if let kafka { lines.append(("Kafka", kafka.text)) }
    return lines.map { $0.0.padded(to: 13) + $0.1 + "\n" }.joined()
  }
}
