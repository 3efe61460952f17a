import LearningEvents
package import Persistence
import PlainText
import TextOutput

/// What `lectern learner show` and `lectern consent show` print of one learner, who is not in it.
package struct LearnerSummary: Encodable {
  struct Erasure: Encodable {
    let erasure: Int64
    let reason, cutoff: String
    let pending: Bool
    let samplesRemoved, sessionsRemoved: Int64
  }

  let consents: [ConsentLine]
  let erasures: [Erasure]
  /// Nil where only consents were asked for.
  let samples, sessions, rollupRows: Int64?
  let firstCapturedAt, lastCapturedAt: String?

  package init(holdings: LearnerHoldings?, consents: [RecordedConsent], erasures: [ErasureRecord]) {
    self.consents = consents.map { ConsentLine($0, showsLearner: false) }
    self.erasures = erasures.map { erasure in
      Erasure(
        erasure: erasure.id, reason: erasure.reason, cutoff: erasure.cutoff.rfc3339, pending: erasure.isPending,
        samplesRemoved: erasure.samplesRemoved, sessionsRemoved: erasure.sessionsRemoved)
    }
    (samples, sessions, rollupRows) = (holdings?.samples, holdings?.sessions, holdings?.rollupRows)
    (firstCapturedAt, lastCapturedAt) = (holdings?.firstCapturedAt?.rfc3339, holdings?.lastCapturedAt?.rfc3339)
  }

  package var text: String {
    var text = TextTable(ConsentLine.columns, leading: ConsentLine.columns.count, last: .text).text(
      consents.map(\.cells))
    if !erasures.isEmpty {
      text += "\n"
      text += TextTable(["withdrawn by", "captured until", "state", "number", "samples", "sessions"], leading: 3).text(
        erasures.map { erasure in
          [
            erasure.reason, erasure.cutoff, erasure.pending ? "pending" : "deleted", "\(erasure.erasure)",
            "\(erasure.samplesRemoved)", "\(erasure.sessionsRemoved)",
          ]
        })
    }
    guard let samples, let sessions, let rollupRows else { return text }
    var lines = [("samples", "\(samples)")]
    if let firstCapturedAt, let lastCapturedAt { lines.append(("captured", "\(firstCapturedAt) to \(lastCapturedAt)")) }
    lines += [("sessions", "\(sessions)"), ("rollup rows", "\(rollupRows)")]
    return text + "\n" + lines.map { $0.0.padded(to: 13) + $0.1 + "\n" }.joined()
  }
}
