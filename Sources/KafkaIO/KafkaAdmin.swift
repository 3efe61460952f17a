import CKafka
package import LearningEvents
import Synchronization
package import Telemetry

/// Creates and describes topics and their logs. Every call blocks up to its timeout; any thread but a cooperative one.
///
/// The broker inside librdkafka has no administration: its topics are made by `EmbeddedBroker`.
package final class KafkaAdmin: Sendable {
  private let handle: KafkaHandle

  /// The `rd_kafka_t`, for tests that ask more of a broker; valid as long as this object.
  package var client: OpaquePointer { handle.client }

  package init(settings: KafkaSettings, logger: Logger) throws(KafkaError) {
    // A consumer, because a producer that asks for a topic's metadata makes the topic.
    handle = try KafkaHandle.make(RD_KAFKA_CONSUMER, settings, overrides: [:], logger: logger) { configuration in
      rd_kafka_conf_set_error_cb(configuration) { _, code, _, context in
        guard let context else { return }
        let error = KafkaError(rd_kafka_resp_err_t(code), while: "connecting")
        guard error.isRefusal else { return }
        KafkaCallbacks.from(context).state.withLock { $0.events = [.error(error)] }
      }
    }
  }

  /// The name of the cluster.
  ///
  /// - Throws: code `authentication` or `ssl` where brokers were reached and refused the login or the connection's
  ///   security; else `timedOut`.
  package func clusterID(timeout: Duration) throws(KafkaError) -> ClusterID {
    do throws(KafkaError) {
      return try handle.clusterID(timeout: timeout)
    } catch {
      throw refusal() ?? error
    }
  }

  /// Asks any broker for a sign of life.
  package func ping(timeout: Duration) throws(KafkaError) {
    var metadata: UnsafePointer<rd_kafka_metadata>?
    // Of the topics this client uses, which are none: the brokers alone.
    let code = rd_kafka_metadata(client, 0, nil, &metadata, timeout.cMilliseconds)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else {
      throw refusal() ?? KafkaError(code, while: "asking the brokers for a sign of life")
    }
    rd_kafka_metadata_destroy(metadata)
  }

  /// Why brokers turned this client away, if they did. librdkafka tells it beside the calls, which only time out.
  package func refusal() -> KafkaError? {
    while rd_kafka_poll(client, 0) > 0 {}
    return handle.callbacks.state.withLock { state in
      defer { state.events = [] }
      guard case .error(let error)? = state.events.first else { return nil }
      return error
    }
  }

  /// The number of partitions, nil if there is no such topic.
  package func partitionCount(of topic: TopicName, timeout: Duration = .seconds(10)) throws(KafkaError) -> Int? {
    try handle.partitionCount(of: topic, timeout: timeout)
  }

  /// The first offset still in the log and the one the next record will get.
  package func watermarks(
    of partition: TopicPartition, timeout: Duration
  ) throws(KafkaError) -> (low: Int64, high: Int64) {
    try handle.watermarks(of: partition, timeout: timeout)
  }

  /// Makes a topic; false if it was there already, whatever its partitions. `replication` −1 means the broker's
  /// default.
  ///
  /// Returns once the topic can be described, because brokers acknowledge earlier.
  @discardableResult
  package func createTopic(
    _ topic: TopicName, partitions: Int, replication: Int = -1, configuration: [String: String] = [:],
    timeout: Duration = .seconds(20)
  ) throws(KafkaError) -> Bool {
    var message = [CChar](repeating: 0, count: 256)
    guard let new = rd_kafka_NewTopic_new(topic.text, Int32(partitions), Int32(replication), &message, message.count)
    else {
      throw KafkaError(.invalidArgument, while: "creating a topic")
    }
    defer { rd_kafka_NewTopic_destroy(new) }
    for (name, value) in configuration { rd_kafka_NewTopic_set_config(new, name, value) }
    do throws(KafkaError) {
      try perform("creating a topic", RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout: timeout) { options, queue in
        var topics: [OpaquePointer?] = [new]
        rd_kafka_CreateTopics(client, &topics, 1, options, queue)
      } result: { event throws(KafkaError) in
        var count = 0
        let topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
        try Self.check(topics, count, "creating a topic")
      }
    } catch  where error.code == .topicAlreadyExists {
      return false
    }
    let clock = ContinuousClock()
    let deadline = clock.now + timeout
    while try partitionCount(of: topic, timeout: timeout) == nil {
      guard clock.now < deadline else { throw KafkaError(.timedOut, while: "creating a topic") }
      pauseBriefly()
    }
    return true
  }

  /// Deletes a topic; no error if there is none.
  package func deleteTopic(_ topic: TopicName, timeout: Duration = .seconds(20)) throws(KafkaError) {
    let doomed = rd_kafka_DeleteTopic_new(topic.text)
    defer { rd_kafka_DeleteTopic_destroy(doomed) }
    do throws(KafkaError) {
      try perform("deleting a topic", RD_KAFKA_ADMIN_OP_DELETETOPICS, timeout: timeout) { options, queue in
        var topics: [OpaquePointer?] = [doomed]
        rd_kafka_DeleteTopics(client, &topics, 1, options, queue)
      } result: { event throws(KafkaError) in
        var count = 0
        let topics = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count)
        try Self.check(topics, count, "deleting a topic")
      }
    } catch  where error.code == .unknownTopicOrPartition {
      return
    }
  }

  /// The settings of a topic by name, the broker's defaults included.
  ///
  /// - Throws: a code of the broker where there is no such topic or this client may not ask; `timedOut` of the broker
  ///   inside librdkafka, which has no administration.
  package func configuration(
    of topic: TopicName, timeout: Duration = .seconds(10)
  ) throws(KafkaError) -> [String: String] {
    let operation = "asking for a topic's settings"
    let resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.text)
    defer { rd_kafka_ConfigResource_destroy(resource) }
    return try perform(operation, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout: timeout) { options, queue in
      var resources: [OpaquePointer?] = [resource]
      rd_kafka_DescribeConfigs(client, &resources, 1, options, queue)
    } result: { event throws(KafkaError) in
      var count = 0
      let answers = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count)
      guard count == 1, let answer = answers?.pointee else { throw KafkaError(.unsupported, while: operation) }
      let code = rd_kafka_ConfigResource_error(answer)
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, while: operation) }
      let entries = rd_kafka_ConfigResource_configs(answer, &count)
      var settings: [String: String] = [:]
      for entry in UnsafeBufferPointer(start: entries, count: count) {
        guard let name = rd_kafka_ConfigEntry_name(entry) else { continue }
        settings[String(cString: name)] = rd_kafka_ConfigEntry_value(entry).map { String(cString: $0) }
      }
      return settings
    }
  }

  /// The id of a topic, which another one that is made under its name does not get. Nil where there is no such topic,
  /// or the broker (before Kafka 2.8) or librdkafka (before 2.3) does not tell.
  package func topicID(of topic: TopicName, timeout: Duration = .seconds(10)) throws(KafkaError) -> TopicID? {
    guard let library = KafkaLibrary.topicDescriptions else { return nil }
    let operation = "asking for a topic's id"
    let collection = topic.text.withCString { name in
      var names: UnsafePointer<CChar>? = name
      return library.collection(&names, 1)
    }
    defer { library.destroyCollection(collection) }
    // No kind of operation of this library's headers is that one.
    return try perform(operation, RD_KAFKA_ADMIN_OP_ANY, timeout: timeout) { options, queue in
      library.request(client, collection, options, queue)
    } result: { event throws(KafkaError) in
      var count = 0
      let topics = library.topics(library.result(event), &count)
      guard count == 1, let found = topics?.pointee else { throw KafkaError(.unsupported, while: operation) }
      let code = rd_kafka_error_code(library.error(found))
      if code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART { return nil }
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, while: operation) }
      guard let text = library.text(library.topicID(found)).map({ String(cString: $0) }),
        !text.allSatisfy({ $0 == "A" })
      else { return nil }
      return TopicID(text)
    }
  }

  /// Throws the first topic's error.
  private static func check(
    _ topics: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int, _ operation: String
  ) throws(KafkaError) {
    for topic in UnsafeBufferPointer(start: topics, count: count) {
      let code = rd_kafka_topic_result_error(topic)
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, while: operation) }
    }
  }

  /// Runs a request, waits for its event and reads that.
  private func perform<Value>(
    _ operation: String, _ kind: rd_kafka_admin_op_t, timeout: Duration,
    request: (_ options: OpaquePointer?, _ queue: OpaquePointer?) -> Void,
    result: (_ event: OpaquePointer) throws(KafkaError) -> Value
  ) throws(KafkaError) -> Value {
    let options = rd_kafka_AdminOptions_new(client, kind)
    defer { rd_kafka_AdminOptions_destroy(options) }
    var message = [CChar](repeating: 0, count: 256)
    let milliseconds = max(1, timeout.cMilliseconds)
    rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, &message, message.count)
    // Without it the broker answers before its controller is done.
    rd_kafka_AdminOptions_set_operation_timeout(options, milliseconds, &message, message.count)
    let queue = rd_kafka_queue_new(client)
    defer { rd_kafka_queue_destroy(queue) }
    request(options, queue)
    guard let event = rd_kafka_queue_poll(queue, milliseconds &+ 1000) else {
      throw KafkaError(.timedOut, while: operation)
    }
    defer { rd_kafka_event_destroy(event) }
    let code = rd_kafka_event_error(event)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, while: operation) }
    return try result(event)
  }
}
