import LearningEvents
import Persistence

/// What `lectern consent list`, `consent show` and `learner show` print of one consent.
struct ConsentLine: Encodable {
  static let columns = ["consent", "state", "covers from", "said", "recorded"]

  /// The pseudonym; nil where one learner was asked for.
  let learner: String?
  let scope: String
  let granted: Bool
  /// Frames captured earlier are not covered; nil unless granted.
  let since: String?
  /// The time of the newest event, and when the database took it.
  let saidAt, recordedAt: String

  init(_ consent: RecordedConsent, showsLearner: Bool) {
    learner = showsLearner ? consent.learner.uuid : nil
    (scope, granted) = (consent.scope.rawValue, consent.stated.granted)
    (since, saidAt) = (consent.since?.rfc3339, consent.stated.time.rfc3339)
    recordedAt = consent.recordedAt.rfc3339
  }

  var cells: [String] { [scope, granted ? "granted" : "revoked", since ?? "-", saidAt, recordedAt] }
}
