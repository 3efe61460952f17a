/// The topics of the contract.
package enum EventTopics {
  /// Webcam frames, keyed by session.
  package static let frames: TopicName = "lectern.frames.v1"
  /// Courses, sessions and consent.
  package static let control: TopicName = "lectern.control.v1"
}

/// The media types and event types of the contract.
enum EventNames {
  static let structured = "application/cloudevents+json"
  static let frame = "org.lectern.frame.v1"
}

/// What an event is, in a word.
package enum EventKind: String, Encodable, Sendable {
  case frame, course, session, consent

  package init(_ type: ControlEventType) {
    self =
      switch type {
      case .course: .course
      case .session: .session
      case .consent: .consent
      }
  }
}

/// The CloudEvents types of control events.
package enum ControlEventType: String, CaseIterable, Sendable {
  case course = "org.lectern.course.v1"
  case session = "org.lectern.session.v1"
  case consent = "org.lectern.consent.v1"

  /// The reason given for any other type.
  static let rule = "not a control event of version 1"
}
