import CKafka

/// A failure of librdkafka or of the broker. Its description holds no payload, key, header or property value.
package struct KafkaError: Error, Sendable, Hashable {
  /// A code of librdkafka: negative ones arise on this side, positive ones come from the broker.
  package struct Code: RawRepresentable, Sendable, Hashable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }
    init(_ code: rd_kafka_resp_err_t) { rawValue = code.rawValue }

    package static let invalidArgument = Code(RD_KAFKA_RESP_ERR__INVALID_ARG)
    package static let timedOut = Code(RD_KAFKA_RESP_ERR__TIMED_OUT)
    package static let queueFull = Code(RD_KAFKA_RESP_ERR__QUEUE_FULL)
    package static let wrongState = Code(RD_KAFKA_RESP_ERR__STATE)
    package static let inProgress = Code(RD_KAFKA_RESP_ERR__IN_PROGRESS)
    package static let transport = Code(RD_KAFKA_RESP_ERR__TRANSPORT)
    package static let authentication = Code(RD_KAFKA_RESP_ERR__AUTHENTICATION)
    /// The security of the connection: a certificate, a cipher, TLS against a port without it.
    package static let ssl = Code(RD_KAFKA_RESP_ERR__SSL)
    package static let unknownTopicOrPartition = Code(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    package static let unknownTopic = Code(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
    package static let unknownPartition = Code(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
    package static let notLeader = Code(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION)
    package static let leaderNotAvailable = Code(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
    package static let topicAlreadyExists = Code(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
    /// The fetch position lies outside of the log, and `auto.offset.reset=error` forbids to choose another.
    package static let noOffset = Code(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
    package static let messageTooLarge = Code(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
    package static let invalidTimestamp = Code(RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP)
    package static let unknownMember = Code(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID)
    package static let closed = Code(RD_KAFKA_RESP_ERR__DESTROY)
    package static let unsupported = Code(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)

    /// librdkafka's symbol without its prefix, such as `_TIMED_OUT`: a bounded label for metrics.
    package var name: String { String(cString: rd_kafka_err2name(rd_kafka_resp_err_t(rawValue))) }
  }

  package let code: Code
  /// What was being done, in words safe to log.
  package let operation: String
  /// The partition it is about, if it is about one.
  package let topicPartition: TopicPartition?
  /// True if the same call may succeed later.
  package let isRetryable: Bool
  /// True if this client can do nothing any more and must be made anew.
  package let isFatal: Bool

  package init(
    _ code: Code, while operation: String, topicPartition: TopicPartition? = nil, isRetryable: Bool? = nil,
    isFatal: Bool = false
  ) {
    self.code = code
    self.operation = operation
    self.topicPartition = topicPartition
    self.isRetryable = isRetryable ?? Self.retriable.contains(code)
    self.isFatal = isFatal || code.rawValue == RD_KAFKA_RESP_ERR__FATAL.rawValue
  }

  init(_ code: rd_kafka_resp_err_t, while operation: String, topicPartition: TopicPartition? = nil) {
    self.init(Code(code), while: operation, topicPartition: topicPartition)
  }

  /// An error of a client. A fatal one only says that it is fatal: what it was, the client is asked.
  init(
    _ code: rd_kafka_resp_err_t, of client: OpaquePointer, while operation: String,
    topicPartition: TopicPartition? = nil
  ) {
    let isFatal = code == RD_KAFKA_RESP_ERR__FATAL
    self.init(
      Code(isFatal ? rd_kafka_fatal_error(client, nil, 0) : code), while: operation,
      topicPartition: isFatal ? nil : topicPartition, isFatal: isFatal)
  }

  /// Adopts and destroys an error object of librdkafka.
  init(adopting error: OpaquePointer, while operation: String) {
    self.init(
      Code(rd_kafka_error_code(error)), while: operation,
      isRetryable: rd_kafka_error_is_retriable(error) != 0 ? true : nil, isFatal: rd_kafka_error_is_fatal(error) != 0)
    rd_kafka_error_destroy(error)
  }

  /// Whether another broker may know better: what this client knows of the topic's leaders may be old. A leader that
  /// has died answers nothing at all, which has many codes.
  var mayBeOfOldMetadata: Bool {
    isRetryable
      || [.notLeader, .leaderNotAvailable, .unknownTopicOrPartition, .unknownPartition, .unknownTopic].contains(code)
  }

  /// Whether the broker was reached and turned this client away.
  package var isRefusal: Bool {
    code == .authentication || code == .ssl || code.rawValue == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED.rawValue
  }

  /// Whether the broker knows this client and does not let it do what was asked: an access list lacks it.
  package var isForbidden: Bool {
    [
      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
    ].contains { code.rawValue == $0.rawValue }
  }

  /// Codes that a calm moment later may be gone.
  private static let retriable: Set<Code> = Set(
    [
      RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
      RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__QUEUE_FULL,
      RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__STATE, RD_KAFKA_RESP_ERR__IN_PROGRESS,
      RD_KAFKA_RESP_ERR__WAIT_CACHE, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__RETRY,
      RD_KAFKA_RESP_ERR__OUTDATED, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
      RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
      RD_KAFKA_RESP_ERR_NOT_CONTROLLER, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
    ].map { Code($0) })
}

extension KafkaError: CustomStringConvertible {
  package var description: String {
    let place = topicPartition.map { " of \($0)" } ?? ""
    return "Kafka: \(operation)\(place): "
      + "\(String(cString: rd_kafka_err2str(rd_kafka_resp_err_t(code.rawValue)))) (\(code.name))"
  }
}
