import CKafka
import Glibc
package import LearningEvents
import Synchronization
package import Telemetry

/// A member of a consumer group whose positions are kept elsewhere: nothing is committed by itself, nothing is read
/// before the caller has seeked and resumed.
///
/// One thread polls (`poll`); it must come back within `max.poll.interval.ms`. Everything else may be called from any
/// thread, also while that one polls: librdkafka locks inside. Cooperative-sticky: partitions that stay are not touched
/// by a rebalance.
package final class KafkaConsumer: Sendable {
  private let handle: KafkaHandle
  private let topics: [TopicName]
  /// Nil where librdkafka needs none.
  private let waker: FetchWaker?
  /// Topic names by librdkafka's object, so that a record costs no string.
  private let topicNames = Mutex<[UInt: TopicName]>([:])

  /// Makes the member; nothing is joined before `subscribe`.
  package init(settings: KafkaSettings, groupID: String, topics: [TopicName], logger: Logger) throws(KafkaError) {
    self.topics = topics
    // Only the member of the group has the instance's name: other clients belong to no group.
    let instance = settings.groupInstanceID.map { ["group.instance.id": $0] } ?? [:]
    let backoff = KafkaLibrary.hasFetchQueueBackoff ? ["fetch.queue.backoff.ms": "50"] : [:]
    handle = try KafkaHandle.make(
      RD_KAFKA_CONSUMER, settings.adding(instance).adding(backoff.filter { settings.properties[$0.key] == nil }),
      overrides: [
        "group.id": groupID, "partition.assignment.strategy": "cooperative-sticky", "enable.auto.commit": "false",
        "enable.auto.offset.store": "false", "enable.partition.eof": "true", "auto.offset.reset": "error",
        // A third of a second of what one worker takes at most. More is memory; see `wakeFetcher`.
        "queued.max.messages.kbytes": "32768", "queued.min.messages": "100000",
        // A broker hands out a record whole however large, whatever the fetch limits say, and a response over this
        // limit would be asked for again for ever: so it is above the largest request a broker takes by default
        // (socket.request.max.bytes, 100 MiB), where librdkafka's own 100 MB is below. Where a broker's is raised, so
        // must this be.
        "receive.message.max.bytes": "134217728",
      ], logger: logger
    ) { configuration in
      rd_kafka_conf_set_rebalance_cb(configuration, kafkaRebalance)
      rd_kafka_conf_set_error_cb(configuration) { client, code, _, context in
        guard let client, let context else { return }
        let error = KafkaError(rd_kafka_resp_err_t(code), of: client, while: "consuming")
        KafkaCallbacks.from(context).state.withLock { $0.events.append(.error(error)) }
      }
    }
    rd_kafka_poll_set_consumer(handle.client)
    waker = KafkaLibrary.hasFetchQueueBackoff ? nil : FetchWaker(handle)
  }

  deinit { close() }

  /// Joins the group. Events come out of `poll`.
  package func subscribe() throws(KafkaError) {
    handle.callbacks.state.withLock { $0.isMember = true }
    let list = PartitionList(topics.map { TopicPartition(topic: $0, partition: -1) })
    try check(list.withPointer { rd_kafka_subscribe(handle.client, $0) }, "subscribing")
  }

  /// The next event, nil after `timeout`. One thread only; blocks, so never a cooperative one.
  package func poll(timeout: Duration) -> KafkaConsumerEvent? {
    if let event = nextCallbackEvent() { return event }
    guard !handle.callbacks.state.withLock(\.isClosed) else { return nil }
    // The rebalance callback runs inside and yields, so that its event is not late.
    // A record in hand goes first: were it kept back, the caller might seek before it is handed out.
    if let event = rd_kafka_consumer_poll(handle.client, timeout.cMilliseconds).map(event(adopting:)) { return event }
    return nextCallbackEvent()
  }

  private func nextCallbackEvent() -> KafkaConsumerEvent? {
    handle.callbacks.state.withLock { $0.events.isEmpty ? nil : $0.events.removeFirst() }
  }

  private func event(adopting message: UnsafeMutablePointer<rd_kafka_message_t>) -> KafkaConsumerEvent {
    let topic = message.pointee.rkt.map(name(of:))
    guard message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR else {
      return .record(KafkaRecord(adopting: message, topic: topic ?? "", handle: handle))
    }
    defer { rd_kafka_message_destroy(message) }
    let partition = TopicPartition(topic: topic ?? "", partition: message.pointee.partition)
    guard message.pointee.err != RD_KAFKA_RESP_ERR__PARTITION_EOF else {
      return .endOfPartition(partition, offset: message.pointee.offset)
    }
    return .error(
      KafkaError(
        message.pointee.err, of: handle.client, while: "consuming", topicPartition: topic == nil ? nil : partition))
  }

  private func name(of topic: OpaquePointer) -> TopicName {
    topicNames.withLock { names in
      let key = UInt(bitPattern: topic)
      // The object may be freed and its address reused after a topic is deleted, so the name is compared.
      let current = rd_kafka_topic_name(topic)!
      if let known = names[key], strcmp(known.text, current) == 0 { return known }
      let name = TopicName(String(cString: current))
      names[key] = name
      return name
    }
  }

  /// Has the connection to this partition's leader look now whether there is room to fetch. Call it a few times a
  /// second while records flow, for one partition after another; returns at once.
  package func wakeFetcher(of partition: TopicPartition) { waker?.wake(partition) }

  // MARK: Positions

  /// Gives up revoked partitions, once nothing of them is in flight any more. A second call does nothing.
  package func finishRevocation(_ partitions: [TopicPartition]) throws(KafkaError) {
    let due = handle.callbacks.state.withLock { state -> [TopicPartition] in
      let due = partitions.filter(state.revoking.contains)
      state.revoking.subtract(due)
      return due
    }
    guard !due.isEmpty else { return }
    let list = PartitionList(due)
    let failure = list.withPointer { rd_kafka_incremental_unassign(handle.client, $0) }
    if let error = failure {
      throw KafkaError(adopting: error, while: "giving up partitions")
    }
  }

  /// Stops handing out records of these partitions; what librdkafka had fetched of them is dropped and fetched again.
  package func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
    try change(partitions, "pausing", rd_kafka_pause_partitions)
  }

  /// Starts handing out records again, from where the partition stood.
  package func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
    try change(partitions, "resuming", rd_kafka_resume_partitions)
  }

  private func change(
    _ partitions: [TopicPartition], _ operation: String,
    _ call: (OpaquePointer?, UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?) -> rd_kafka_resp_err_t
  ) throws(KafkaError) {
    let list = PartitionList(partitions)
    try check(list.withPointer { call(handle.client, $0) }, operation)
    try list.checkEach(while: operation)
  }

  /// Moves the next read of each partition. Blocks up to `timeout`; every partition's own error is looked at.
  ///
  /// An offset outside of the log is no error here: it comes later, as an event with code `noOffset`. Must not be
  /// called while another thread polls. A partition that is not assigned is `unknownPartition`, and nothing is moved.
  package func seek(_ offsets: [(TopicPartition, Int64)], timeout: Duration = .seconds(10)) throws(KafkaError) {
    // Not left to librdkafka: busy, it takes its time to say so, and a time-out would name no partition.
    let assigned = Set(assignment)
    if let (stranger, _) = offsets.first(where: { !assigned.contains($0.0) }) {
      throw KafkaError(.unknownPartition, while: "seeking", topicPartition: stranger)
    }
    let clock = ContinuousClock()
    let start = clock.now
    while true {
      do throws(KafkaError) {
        let list = PartitionList(offsets: offsets)
        let rest = max(.zero, min(timeout - start.duration(to: clock.now), Self.seekPatience))
        let failure = list.withPointer { rd_kafka_seek_partitions(handle.client, $0, rest.cMilliseconds) }
        if let error = failure {
          throw KafkaError(adopting: error, while: "seeking")
        }
        return try list.checkEach(while: "seeking")
      } catch  where Self.unready.contains(error.code) && start.duration(to: clock.now) < timeout && isHeld(offsets) {
        // Just assigned: the fetcher of that partition has not started yet. Or it never will.
        guard start.duration(to: clock.now) < Self.seekPatience else { return try takeAnew(offsets) }
        pauseBriefly()
      }
    }
  }

  /// For how long a partition may take to be sought in before it is taken anew.
  private static let seekPatience = Duration.seconds(1)
  private static let unready: Set<KafkaError.Code> = [.wrongState, .inProgress, .timedOut]

  /// Gives partitions up and takes them once more, from these offsets on, without a word to the group.
  ///
  /// librdkafka ends the fetcher of a partition whose log holds nothing at the position it reads from, since it may
  /// choose no other (`auto.offset.reset=error`), and no seek starts it again.
  private func takeAnew(_ offsets: [(TopicPartition, Int64)]) throws(KafkaError) {
    let list = PartitionList(offsets: offsets)
    for change in [rd_kafka_incremental_unassign, rd_kafka_incremental_assign] {
      let failure = list.withPointer { change(handle.client, $0) }
      if let error = failure { throw KafkaError(adopting: error, while: "taking a partition anew") }
    }
  }

  /// Whether this member has these partitions and is not asked to give one of them up.
  private func isHeld(_ offsets: [(TopicPartition, Int64)]) -> Bool {
    let revoking = handle.callbacks.state.withLock(\.revoking)
    return isAssigned(offsets) && !offsets.contains { revoking.contains($0.0) }
  }

  private func isAssigned(_ offsets: [(TopicPartition, Int64)]) -> Bool {
    let assigned = Set(assignment)
    return offsets.allSatisfy { assigned.contains($0.0) }
  }

  /// The partitions this member holds, revoked ones included until their revocation is finished.
  package var assignment: [TopicPartition] {
    var pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    guard rd_kafka_assignment(handle.client, &pointer) == RD_KAFKA_RESP_ERR_NO_ERROR, let pointer else { return [] }
    let list = PartitionList(adopting: pointer)
    return list.partitions
  }

  /// Mirrors positions into Kafka's committed offsets, for lag tools alone. Returns at once; a failure is only logged
  /// by librdkafka.
  package func commit(_ offsets: [TopicPartition: Int64]) throws(KafkaError) {
    guard !offsets.isEmpty else { return }
    let list = PartitionList(offsets: offsets.map { ($0.key, $0.value) })
    try check(list.withPointer { rd_kafka_commit(handle.client, $0, 1) }, "committing")
  }

  /// Leaves the group; a static member stays in it and keeps its partitions until it is back or its session times out.
  /// Pending revocations are finished first. Events that were not polled are dropped; a second call does nothing.
  ///
  /// Without a broker to take its leave from, librdkafka would wait for up to the session timeout, and longer for a
  /// commit under way: after `limit` the client is left as it is, for the moments until the process ends, and the group
  /// notices by the session timeout. Blocks up to `limit`.
  package func close(within limit: Duration = .seconds(5)) {
    let (isFirst, pending) = handle.callbacks.state.withLock { state in
      defer { state.isClosing = true }
      return (!state.isClosing, Array(state.revoking))
    }
    guard isFirst else { return }
    // An error means that they are no longer assigned: what is wanted.
    try? finishRevocation(pending)
    let hasLeft = leave(until: .now + limit)
    if !hasLeft {
      handle.callbacks.logger.warning(
        "the group could not be left in order: the brokers do not answer; it notices by the session timeout")
    }
    handle.callbacks.state.withLock {
      $0.isClosed = true
      $0.isAbandoned = !hasLeft
      $0.events = []
    }
  }

  /// False if that took too long.
  private func leave(until deadline: ContinuousClock.Instant) -> Bool {
    let queue = rd_kafka_queue_new(handle.client)
    if let error = rd_kafka_consumer_close_queue(handle.client, queue) {
      // It has no group to leave.
      rd_kafka_error_destroy(error)
      rd_kafka_queue_destroy(queue)
      return true
    }
    while rd_kafka_consumer_closed(handle.client) == 0 {
      guard ContinuousClock.now < deadline else { return false }
      // Serves the rebalance callback. Messages that are handed out here were never asked for.
      if let message = rd_kafka_consume_queue(queue, 20) { rd_kafka_message_destroy(message) }
    }
    rd_kafka_queue_destroy(queue)
    return true
  }

  /// The first offset still in the log and the one the next record will get. Blocks up to `timeout`.
  ///
  /// A broker answers a connection's requests in their order, and a consumer that waits for records keeps one open for
  /// up to 500 ms: who asks for many partitions asks on a client of its own (`KafkaAdmin`).
  package func watermarks(
    of partition: TopicPartition, timeout: Duration
  ) throws(KafkaError) -> (low: Int64, high: Int64) {
    try handle.watermarks(of: partition, timeout: timeout)
  }

  private func check(_ code: rd_kafka_resp_err_t, _ operation: String) throws(KafkaError) {
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, while: operation) }
  }
}
