/// What an `Identifier` identifies.
package protocol IdentifierKind: Sendable {
  /// What stands for an id of this kind wherever its text was not asked for; nil shows the id.
  static var concealment: String? { get }
}

extension IdentifierKind {
  package static var concealment: String? { nil }
}

/// The kinds of `Identifier`; see its names below.
package enum IdentifierKinds {
  package enum Source: IdentifierKind {}
  package enum Session: IdentifierKind {}
  package enum Course: IdentifierKind {}
  package enum Segment: IdentifierKind {}
  package enum Event: IdentifierKind {}
  package enum Teacher: IdentifierKind {}
  package enum Model: IdentifierKind {}
  package enum Topic: IdentifierKind {}
  package enum TopicUUID: IdentifierKind {}
  package enum Cluster: IdentifierKind {}
  package enum Header: IdentifierKind {}

  package enum Learner: IdentifierKind {
    package static var concealment: String? { "(learner id)" }
  }
}

/// The LMS, a URI: `ce_source`. Every other id of an LMS is scoped by it.
package typealias SourceID = Identifier<IdentifierKinds.Source>
/// An LMS's own id of a learner. It lives only until it is a pseudonym, and conceals itself until then.
package typealias LearnerID = Identifier<IdentifierKinds.Learner>
/// An LMS's id of one learner's one sitting in one course.
package typealias SessionID = Identifier<IdentifierKinds.Session>
/// An LMS's id of a course.
package typealias CourseID = Identifier<IdentifierKinds.Course>
/// An LMS's id of a segment of a course.
package typealias SegmentID = Identifier<IdentifierKinds.Segment>
/// An LMS's id of a teacher.
package typealias TeacherID = Identifier<IdentifierKinds.Teacher>
/// CloudEvents' `id`.
package typealias EventID = Identifier<IdentifierKinds.Event>
/// A model bundle: its SHA-256 in lower-case hexadecimal.
package typealias ModelID = Identifier<IdentifierKinds.Model>
/// A Kafka topic.
package typealias TopicName = Identifier<IdentifierKinds.Topic>
/// Kafka's id of a topic, in Base64: another one than that of a topic that had its name before.
package typealias TopicID = Identifier<IdentifierKinds.TopicUUID>
/// What a Kafka cluster calls itself, or is called by the ledger.
package typealias ClusterID = Identifier<IdentifierKinds.Cluster>
/// The name of a record's header.
package typealias HeaderName = Identifier<IdentifierKinds.Header>
