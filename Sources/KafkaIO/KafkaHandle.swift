import CKafka
import Dispatch
import LearningEvents
import Synchronization
import Telemetry

/// What librdkafka's callbacks may touch. It outlives the client that points at it.
final class KafkaCallbacks: Sendable {
  struct State {
    /// Events that callbacks made, to be handed out by the next polls.
    var events: [KafkaConsumerEvent] = []
    /// From now on the rebalance callback gives everything back by itself.
    var isClosing = false
    /// Revocations reported and not yet finished.
    var revoking: Set<TopicPartition> = []
    var isClosed = false
    /// It could not leave its group in time, and would wait for that again when it is destroyed.
    var isAbandoned = false
    /// Whether the client asked to join a group, and whether it was ever given an assignment there.
    var isMember = false
    var wasAssigned = false
  }

  let logger: Logger
  let state = Mutex(State())

  init(logger: Logger) { self.logger = logger }

  /// A callback's context; valid as long as the client.
  static func from(_ opaque: UnsafeMutableRawPointer) -> KafkaCallbacks {
    Unmanaged<KafkaCallbacks>.fromOpaque(opaque).takeUnretainedValue()
  }

  /// Any thread of librdkafka calls it; the logger is thread-safe and does not block on Kafka.
  func log(level: Int32, facility: String, text: String) {
    // Syslog levels: 0–3 emergency to error, 4 warning, 5 notice, 6 info, 7 debug. librdkafka retries by itself, so its
    // errors are recovered from: warnings. What is lost comes back as an error of a call.
    let metadata: KeyValuePairs<String, MetadataValue> = ["facility": .string(facility), "text": .string(text)]
    switch level {
    // Consumer settings given to a producer and the like: one set of settings serves both.
    case _ where facility == "CONFWARN": logger.debug("librdkafka", metadata: metadata)
    case ...4: logger.warning("librdkafka", metadata: metadata)
    case 5, 6: logger.info("librdkafka", metadata: metadata)
    default: logger.debug("librdkafka", metadata: metadata)
    }
  }
}

/// The owner of one librdkafka client, shared by the consumer or producer and by every record that came out of it.
///
/// `@unchecked Sendable`: "librdkafka is completely thread-safe … any thread may call any of the API functions at any
/// time" (its INTRODUCTION.md, section "Threads and callbacks").
final class KafkaHandle: @unchecked Sendable {
  let client: OpaquePointer
  let callbacks: KafkaCallbacks

  private init(adopting client: OpaquePointer, callbacks: KafkaCallbacks) {
    (self.client, self.callbacks) = (client, callbacks)
  }

  /// Makes a client. `configure` sets further callbacks on the configuration.
  static func make(
    _ type: rd_kafka_type_t, _ settings: KafkaSettings, overrides: KeyValuePairs<String, String>, logger: Logger,
    configure: (OpaquePointer) -> Void = { _ in }
  ) throws(KafkaError) -> KafkaHandle {
    let configuration = try KafkaConfiguration(settings, overrides: overrides)
    let callbacks = KafkaCallbacks(logger: logger)
    let context = Unmanaged.passUnretained(callbacks).toOpaque()
    rd_kafka_conf_set_opaque(configuration.pointer, context)
    rd_kafka_conf_set_log_cb(configuration.pointer) { client, level, facility, text in
      guard let client, let context = rd_kafka_opaque(client), let facility, let text else { return }
      KafkaCallbacks.from(context).log(
        level: level, facility: String(cString: facility), text: String(cString: text))
    }
    configure(configuration.pointer)
    var message = [CChar](repeating: 0, count: 512)
    let client = configuration.transfer { rd_kafka_new(type, $0, &message, message.count) }
    guard let client else {
      // The text names conflicting properties and says nothing of their values.
      let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw KafkaError(.invalidArgument, while: "making a client: \(text)")
    }
    return KafkaHandle(adopting: client, callbacks: callbacks)
  }

  deinit {
    let (isUnassigned, isAbandoned) = callbacks.state.withLock { ($0.isMember && !$0.wasAssigned, $0.isAbandoned) }
    if isAbandoned || (isUnassigned && !KafkaLibrary.destroysUnassignedMembers) {
      // Left alone, for the few moments until the process ends: it has left its group, or cannot, and does nothing any
      // more. Its callbacks must outlive it.
      _ = Unmanaged.passRetained(callbacks)
      return
    }
    // Destroying joins librdkafka's threads, which may take a second: never on the thread that happened to let the last
    // record go, which may be a cooperative one.
    // Nobody else uses it any more.
    nonisolated(unsafe) let client = client
    let callbacks = callbacks
    DispatchQueue.global().async {
      rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
      withExtendedLifetime(callbacks) {}
    }
  }

  /// The broker's name of its cluster. Blocks up to `timeout`; any thread.
  func clusterID(timeout: Duration) throws(KafkaError) -> ClusterID {
    guard let text = rd_kafka_clusterid(client, timeout.cMilliseconds) else {
      throw KafkaError(.timedOut, while: "asking for the cluster id")
    }
    defer { rd_kafka_mem_free(client, text) }
    return ClusterID(String(cString: text))
  }

  /// The first offset still in the log and the one the next record will get. Blocks up to twice `timeout`, and as long
  /// again where the answer does not come.
  func watermarks(of partition: TopicPartition, timeout: Duration) throws(KafkaError) -> (low: Int64, high: Int64) {
    do throws(KafkaError) {
      return (
        try offset(RD_KAFKA_OFFSET_BEGINNING, of: partition, timeout: timeout),
        try offset(RD_KAFKA_OFFSET_END, of: partition, timeout: timeout)
      )
    } catch {
      // librdkafka goes on asking the leader it knows; its answer to this tells it the new one.
      if error.mayBeOfOldMetadata { _ = try? partitionCount(of: partition.topic, timeout: timeout) }
      throw error
    }
  }

  /// An end of a log. `rd_kafka_query_watermark_offsets` would ask for both at once, but waits for a leader that has
  /// died until it is back, whatever its timeout.
  private func offset(
    _ which: Int32, of partition: TopicPartition, timeout: Duration
  ) throws(KafkaError) -> Int64 {
    let operation = "asking for the watermarks"
    let list = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    let entry = rd_kafka_topic_partition_list_add(list, partition.topic.text, partition.partition)
    // As a time these mean the log's ends.
    entry?.pointee.offset = Int64(which)
    let code = rd_kafka_offsets_for_times(client, list, timeout.cMilliseconds)
    let answer = list?.pointee.elems?.pointee
    for code in [code, answer?.err ?? RD_KAFKA_RESP_ERR_NO_ERROR] where code != RD_KAFKA_RESP_ERR_NO_ERROR {
      throw KafkaError(code, while: operation, topicPartition: partition)
    }
    guard let offset = answer?.offset, offset >= 0 else {
      throw KafkaError(.timedOut, while: operation, topicPartition: partition)
    }
    return offset
  }

  /// The number of partitions, nil if there is no such topic. Blocks up to `timeout`; any thread.
  ///
  /// Only for consumers: a producer that asks for a topic's metadata makes the topic.
  func partitionCount(of topic: TopicName, timeout: Duration) throws(KafkaError) -> Int? {
    guard let reference = rd_kafka_topic_new(client, topic.text, nil) else {
      throw KafkaError(rd_kafka_last_error(), while: "describing a topic")
    }
    defer { rd_kafka_topic_destroy(reference) }
    var metadata: UnsafePointer<rd_kafka_metadata>?
    let error = rd_kafka_metadata(client, 0, reference, &metadata, timeout.cMilliseconds)
    guard error == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else {
      throw KafkaError(error, while: "describing a topic")
    }
    defer { rd_kafka_metadata_destroy(metadata) }
    guard metadata.pointee.topic_cnt == 1, let found = metadata.pointee.topics?.pointee else { return nil }
    switch found.err {
    case RD_KAFKA_RESP_ERR_NO_ERROR: return Int(found.partition_cnt)
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC: return nil
    case let code: throw KafkaError(code, while: "describing a topic")
    }
  }
}
