import Ingest
package import LearningEvents
import PlainText

/// What `lectern events check` prints of one event.
package struct EventCheckLine: Encodable, Equatable {
  let file: String
  /// In the file, where that is an array.
  let place: String
  /// Nil where it is none.
  let kind: EventKind?
  /// What it would be rejected for.
  var error: String?
  var warnings: [String]

  package init(_ judgement: EventFile.Judgement, in file: String, at now: EventTime) {
    (self.file, place, kind) = (file, judgement.place, judgement.kind)
    (error, warnings) = (judgement.error?.detail, judgement.warnings)
    guard error == nil, let time = judgement.time else { return }
    // What depends on when it is sent is judged as if that were now.
    if kind == .frame {
      let window = FrameWindow()
      if !window.admits(time, recordedAt: now) {
        warnings.append(
          "captured over \(window.past) d ago or \(window.future) d ahead: sent now, it is rejected as out_of_window")
      }
    } else if time > now.advanced(by: ControlEvent.timeLimit) {
      error = "time: more than 1 d ahead of now"
    }
  }

  package var text: String {
    let name = "\(file)\(place)".printable
    let verdict = error.map { "bad_event: \($0.printable)" } ?? "\(kind?.rawValue ?? "event"): ok"
    return "\(name): \(verdict)\n" + warnings.map { "  warning: \($0.printable)\n" }.joined()
  }
}
