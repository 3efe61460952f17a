package import LearningEvents

/// Why a worker does not start, in words an operator can act on.
package enum IngestError: Error, Equatable, CustomStringConvertible {
  /// The database's pseudonyms were made under another secret.
  case secretDiffers
  /// There is a list of LMSs, and none of them may speak on this topic.
  case noSource(of: TopicName)
  /// The broker has no static membership, and the worker was given a name of its own.
  case noStaticMembership

  package var description: String {
    switch self {
    case .secretDiffers:
      """
      the pseudonym secret is not the one this database was begun with, which would split every learner in two: \
      set LECTERN_PSEUDONYM_SECRET (or LECTERN_PSEUDONYM_SECRET_FILE) to the secret the other workers use
      """
    case .noSource(let topic):
      "LECTERN_KAFKA_SOURCES names no LMS of topic \(topic): add SOURCE, or \(topic)=SOURCE"
    case .noStaticMembership:
      """
      the embedded broker has no static membership: unset LECTERN_KAFKA_GROUP_INSTANCE, or use a real Kafka
      """
    }
  }
}
