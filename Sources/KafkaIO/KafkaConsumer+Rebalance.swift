import CKafka
import Synchronization

/// librdkafka's rebalance callback. Runs inside `KafkaConsumer.poll` (or `close`) on that thread; it must not block, or
/// the member is evicted, and must not touch the database.
func kafkaRebalance(
  client: OpaquePointer?, code: rd_kafka_resp_err_t,
  list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?, context: UnsafeMutableRawPointer?
) {
  guard let client, let list, let context else { return }
  let callbacks = KafkaCallbacks.from(context)
  let partitions = PartitionList.partitions(of: list)
  var error: OpaquePointer?
  var events: [KafkaConsumerEvent] = []

  switch code {
  case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
    callbacks.state.withLock { $0.wasAssigned = true }
    // Without an offset, a group that never committed would not read at all; BEGINNING never fails, and nothing is
    // handed out before the caller has seeked and resumed.
    for index in 0..<Int(list.pointee.cnt) { list.pointee.elems[index].offset = Int64(RD_KAFKA_OFFSET_BEGINNING) }
    error = rd_kafka_incremental_assign(client, list)
    if error == nil {
      rd_kafka_pause_partitions(client, list)
      if !partitions.isEmpty { events.append(.assigned(partitions)) }
    }
  case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
    let isLost = rd_kafka_assignment_lost(client) != 0
    let isClosing = callbacks.state.withLock { state in
      if isLost || state.isClosing { state.revoking.subtract(partitions) }
      return state.isClosing
    }
    if isLost || isClosing || partitions.isEmpty {
      error = rd_kafka_incremental_unassign(client, list)
      if isLost, !isClosing { events.append(.lost(partitions)) }
    } else {
      callbacks.state.withLock { $0.revoking.formUnion(partitions) }
      events.append(.revoking(partitions))
    }
  default:
    rd_kafka_assign(client, nil)
    events.append(.error(KafkaError(code, while: "rebalancing")))
  }
  if let error { events.append(.error(KafkaError(adopting: error, while: "rebalancing"))) }
  callbacks.state.withLock { $0.events.append(contentsOf: events) }
  // Makes the poll return now, so that the event is not reported only after its timeout.
  if !events.isEmpty { rd_kafka_yield(client) }
}
