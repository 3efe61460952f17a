/// The result of one check of `lectern doctor`.
package struct Finding: Encodable, Sendable, Equatable {
  package enum State: String, Encodable {
    case good, warning, missing

    var mark: String {
      switch self {
      case .good: "ok  "
      case .warning: "note"
      case .missing: "MISS"
      }
    }
  }

  package let subject: String
  package let state: State
  package let detail: String
  /// The step that mends it; nil where none is needed.
  package let remedy: String?

  package static func good(_ subject: String, _ detail: String) -> Finding {
    Finding(subject: subject, state: .good, detail: detail, remedy: nil)
  }

  package static func warning(_ subject: String, _ detail: String, remedy: String) -> Finding {
    Finding(subject: subject, state: .warning, detail: detail, remedy: remedy)
  }

  package static func missing(_ subject: String, _ detail: String, remedy: String) -> Finding {
    Finding(subject: subject, state: .missing, detail: detail, remedy: remedy)
  }
}
