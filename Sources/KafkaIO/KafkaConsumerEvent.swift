/// What one poll brought.
package enum KafkaConsumerEvent: Sendable {
  /// A record; it may belong to a partition that was revoked since, as long as the revocation is not finished.
  case record(KafkaRecord)
  /// Partitions given to this member: assigned at their beginning and paused. The caller claims, seeks and resumes.
  case assigned([TopicPartition])
  /// Partitions the group takes back: still this member's until `finishRevocation`.
  case revoking([TopicPartition])
  /// Partitions another member may already own: unassigned, nothing of them may be stored.
  case lost([TopicPartition])
  /// Every record below this offset was handed out. `offset` is the log's end, past any markers.
  case endOfPartition(TopicPartition, offset: Int64)
  /// Anything else; `isFatal` says whether this consumer must be made anew.
  case error(KafkaError)
}
