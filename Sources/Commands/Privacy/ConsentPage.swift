import LearningEvents
package import Persistence
import TextOutput

/// What `lectern consent list` prints: pseudonyms, never an id of the LMS.
package struct ConsentPage: Encodable {
  let consents: [ConsentLine]
  /// Where the next page begins; nil on the last.
  let next: String?

  /// - Parameter consents: one more than the page holds where there is a next one.
  package init(_ consents: [RecordedConsent], limit: Int) {
    self.consents = consents.prefix(limit).map { ConsentLine($0, showsLearner: true) }
    let last = consents.count > limit ? consents[limit - 1] : nil
    next = last.map { ConsentFilter.Place(learner: $0.learner, scope: $0.scope).configurationText }
  }

  package var text: String {
    let columns = ["learner"] + ConsentLine.columns
    let text = TextTable(columns, leading: columns.count, last: .text).text(
      consents.map { [$0.learner ?? ""] + $0.cells })
    return text + (next.map { "next page: --after \($0)\n" } ?? "")
  }
}
