/// One thing `lectern doctor` looked at.
struct Finding: Encodable, Sendable, Equatable {
  enum State: String, Encodable {
    case good, warning, missing

    var mark: String {
      switch self {
      case .good: "ok  "
      case .warning: "note"
      case .missing: "MISS"
      }
    }
  }

  var subject: String
  var state: State
  var detail: String
  /// What to do about it; nil where nothing is to be done.
  var remedy: String?

  static func good(_ subject: String, _ detail: String) -> Finding {
    Finding(subject: subject, state: .good, detail: detail)
  }

  static func warning(_ subject: String, _ detail: String, remedy: String) -> Finding {
    Finding(subject: subject, state: .warning, detail: detail, remedy: remedy)
  }

  static func missing(_ subject: String, _ detail: String, remedy: String) -> Finding {
    Finding(subject: subject, state: .missing, detail: detail, remedy: remedy)
  }
}
