import CKafka
package import KafkaIO
package import LearningEvents

/// What operators and retention do to a log. Both calls block.
extension KafkaAdmin {
  /// Raises the number of partitions of a topic.
  package func raisePartitions(of topic: TopicName, to total: Int) throws(KafkaError) {
    var message = [CChar](repeating: 0, count: 256)
    var request: OpaquePointer? = rd_kafka_NewPartitions_new(topic.text, total, &message, message.count)
    defer { rd_kafka_NewPartitions_destroy(request) }
    try perform("raising the partitions") { queue in
      rd_kafka_CreatePartitions(client, &request, 1, nil, queue)
    } results: { event in
      var count = 0
      let topics = rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), &count)
      return UnsafeBufferPointer(start: topics, count: count).map { rd_kafka_topic_result_error($0) }
    }
  }

  /// Deletes the records below an offset, as retention does.
  package func deleteRecords(of partition: TopicPartition, below offset: Int64) throws(KafkaError) {
    let list = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    rd_kafka_topic_partition_list_add(list, partition.topic.text, partition.partition)!.pointee.offset = offset
    var request: OpaquePointer? = rd_kafka_DeleteRecords_new(list)
    defer { rd_kafka_DeleteRecords_destroy(request) }
    try perform("deleting records") { queue in
      rd_kafka_DeleteRecords(client, &request, 1, nil, queue)
    } results: { event in
      guard let result = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event)) else {
        return []
      }
      return UnsafeBufferPointer(start: result.pointee.elems, count: Int(result.pointee.cnt)).map(\.err)
    }
  }

  /// Gives a topic these settings, and the broker's own for all that are not named.
  package func setConfiguration(_ settings: [String: String], of topic: TopicName) throws(KafkaError) {
    var resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.text)
    defer { rd_kafka_ConfigResource_destroy(resource) }
    for (name, value) in settings { rd_kafka_ConfigResource_set_config(resource, name, value) }
    try perform("changing a topic's settings") { queue in
      rd_kafka_AlterConfigs(client, &resource, 1, nil, queue)
    } results: { event in
      var count = 0
      let answers = rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &count)
      return UnsafeBufferPointer(start: answers, count: count).map { rd_kafka_ConfigResource_error($0) }
    }
  }

  /// What a group committed of a partition; nil if it committed nothing. Its client must name the group (`group.id`).
  package func committedOffset(of partition: TopicPartition) throws(KafkaError) -> Int64? {
    let list = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    rd_kafka_topic_partition_list_add(list, partition.topic.text, partition.partition)
    let code = rd_kafka_committed(client, list, 10_000)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let entry = list?.pointee.elems?.pointee else {
      throw KafkaError(KafkaError.Code(rawValue: code.rawValue), while: "asking for a committed offset")
    }
    return entry.offset < 0 ? nil : entry.offset
  }

  /// Who leads the first partition of a topic, who has it, and who has all of it, by the brokers' numbers.
  package struct Placement: Sendable, Equatable {
    package var leader: Int32
    package var replicas: Set<Int32>
    package var inSync: Set<Int32>
  }

  /// Where the first partition of a topic is.
  package func placement(of topic: TopicName) throws(KafkaError) -> Placement {
    let reference = rd_kafka_topic_new(client, topic.text, nil)
    defer { rd_kafka_topic_destroy(reference) }
    var metadata: UnsafePointer<rd_kafka_metadata>?
    let code = rd_kafka_metadata(client, 0, reference, &metadata, 5_000)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata, let found = metadata.pointee.topics?.pointee,
      let partition = found.partitions?.pointee
    else { throw KafkaError(KafkaError.Code(rawValue: code.rawValue), while: "asking where a topic is") }
    defer { rd_kafka_metadata_destroy(metadata) }
    return Placement(
      leader: partition.leader,
      replicas: Set(UnsafeBufferPointer(start: partition.replicas, count: Int(partition.replica_cnt))),
      inSync: Set(UnsafeBufferPointer(start: partition.isrs, count: Int(partition.isr_cnt))))
  }

  private func perform(
    _ operation: String, request: (_ queue: OpaquePointer?) -> Void,
    results: (_ event: OpaquePointer) -> [rd_kafka_resp_err_t]
  ) throws(KafkaError) {
    let queue = rd_kafka_queue_new(client)
    defer { rd_kafka_queue_destroy(queue) }
    request(queue)
    guard let event = rd_kafka_queue_poll(queue, 21_000) else { throw KafkaError(.timedOut, while: operation) }
    defer { rd_kafka_event_destroy(event) }
    for code in [rd_kafka_event_error(event)] + results(event) where code != RD_KAFKA_RESP_ERR_NO_ERROR {
      throw KafkaError(KafkaError.Code(rawValue: code.rawValue), while: operation)
    }
  }
}
