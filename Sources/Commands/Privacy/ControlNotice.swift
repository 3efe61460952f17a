package import LearningEvents

/// Whether the control topic was told of a withdrawal, and how long Kafka keeps what it holds of the learner.
package struct ControlNotice: Encodable, Sendable, Equatable {
  /// When Kafka will have deleted what it holds now.
  package enum Expiry: Encodable, Sendable, Equatable, CustomStringConvertible {
    /// At the latest.
    case until(EventTime)
    case forEver
    /// Kafka was not asked, or did not say.
    case unknown

    package var description: String {
      switch self {
      case .until(let time): time.rfc3339
      case .forEver: "for ever"
      case .unknown: "unknown"
      }
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(description)
    }

    /// In a sentence after "keeps pictures".
    fileprivate var words: String {
      switch self {
      case .until(let time): "until \(time.rfc3339) at the latest"
      case .forEver: "for ever, by its settings"
      case .unknown: "for as long as its topic is set to"
      }
    }
  }

  let told: Bool
  /// Why it was not told; nil if it was.
  let problem: String?
  let pictures, ids: Expiry

  package init(pictures: Expiry, ids: Expiry) {
    (told, problem, self.pictures, self.ids) = (true, nil, pictures, ids)
  }

  package init(problem: String) { (told, self.problem, pictures, ids) = (false, problem, .unknown, .unknown) }

  /// What Kafka does with what it has of the learner, in a sentence.
  package var text: String {
    let kept = "keeps pictures \(pictures.words), ids \(ids.words)"
    guard let problem else { return "told; \(kept)" }
    return "not told: \(problem); \(kept)"
  }

  /// What an untold topic means, and what mends it.
  package static let remedy = """
    a database that is filled from the control topic would still find the consent: 'lectern consent publish' tells the \
    topic once Kafka answers

    """
}
