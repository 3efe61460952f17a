package import LearningEvents
package import Persistence

/// What `lectern course import` and `lectern consent import` print.
package enum ControlAnswer {
  package static func text(_ result: ControlResult) -> String {
    let late = result.superseded
    return "\(result.applied) applied"
      + (late == 0 ? "" : ", \(late) of them superseded: a newer event stands") + "\n"
  }

  /// Of revocations over which a consent of a later time stands.
  package static func overruled(_ count: Int64) -> String {
    "\(count) of them are revocations, and the consent that was given later stands: 'lectern consent revoke' ends it\n"
  }
}

/// What `lectern consent grant` and `revoke` print.
package struct ConsentAnswer {
  /// False for a refusal, which is an error.
  package let isApplied: Bool
  package let text: String

  package init(_ outcome: ConsentOutcome, to event: ConsentEvent) {
    switch outcome {
    case .holds(event.time): (isApplied, text) = (true, "1 applied\n")
    case .holds(let time):
      (isApplied, text) = (true, "1 applied, as of \(time): what was said for that time is overruled\n")
    case .superseded(let stated):
      isApplied = false
      text =
        "refused: consent of scope \(event.scope.rawValue) is \(stated.granted ? "granted" : "revoked") "
        + "as of \(stated.time), which is not before \(event.time); nothing was changed\n"
    }
  }
}
