import LearningEvents
package import Persistence
import TextOutput

/// What `lectern consent list` prints: pseudonyms, never an id of the LMS.
package struct ConsentPage: Encodable {
  struct Row: Encodable {
    let learner, scope: String
    let granted: Bool
    let since, recordedAt: String
  }

  let consents: [Row]
  /// Where the next page begins; nil on the last.
  let next: String?

  /// - Parameter consents: one more than the page holds where there is a next one.
  package init(_ consents: [RecordedConsent], limit: Int) {
    self.consents = consents.prefix(limit).map { consent in
      Row(
        learner: consent.learner.uuid, scope: consent.scope.rawValue, granted: consent.stated.granted,
        since: consent.stated.since.rfc3339, recordedAt: consent.recordedAt.rfc3339)
    }
    let last = consents.count > limit ? consents[limit - 1] : nil
    next = last.map { ConsentFilter.Place(learner: $0.learner, scope: $0.scope).configurationText }
  }

  package var text: String {
    let table = TextTable(["learner", "consent", "state", "since", "recorded"], leading: 5, last: .text)
    let text = table.text(
      consents.map { [$0.learner, $0.scope, $0.granted ? "granted" : "revoked", $0.since, $0.recordedAt] })
    return text + (next.map { "next page: --after \($0)\n" } ?? "")
  }
}
