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
  static let course = "org.lectern.course.v1"
  static let session = "org.lectern.session.v1"
  static let consent = "org.lectern.consent.v1"
}
