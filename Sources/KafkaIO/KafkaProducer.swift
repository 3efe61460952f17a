import CKafka
package import LearningEvents
import Synchronization
package import Telemetry

/// Sends records and tells when the broker has them: acknowledged by all in-sync replicas, idempotent.
///
/// Any thread. Deliveries are reported on a thread of librdkafka.
package final class KafkaProducer: Sendable {
  /// Where the broker put a record.
  package struct Delivery: Sendable, Hashable {
    package let partition: Int32
    package let offset: Int64
  }

  private let handle: KafkaHandle

  package init(settings: KafkaSettings, logger: Logger) throws(KafkaError) {
    // librdkafka refuses idempotence beside weaker acknowledgements: who sets `acks` decides.
    let idempotence = settings.properties["acks"] == nil ? "true" : "false"
    handle = try KafkaHandle.make(
      RD_KAFKA_PRODUCER, settings,
      overrides: [
        "acks": "all", "enable.idempotence": idempotence, "linger.ms": "5",
        // Pictures go up to 8 MiB and a third more in base64; the broker has the last word.
        "message.max.bytes": "16777216",
        // A key always gives the same partition as with the Java client and the LMS's own.
        "partitioner": "murmur2_random",
      ], logger: logger
    ) { configuration in
      rd_kafka_conf_set_events(configuration, RD_KAFKA_EVENT_DR)
      rd_kafka_conf_set_background_event_cb(configuration) { client, event, _ in
        guard let client, let event else { return }
        defer { rd_kafka_event_destroy(event) }
        while let message = rd_kafka_event_message_next(event) {
          guard let box = message.pointee._private else { continue }
          let delivery = Unmanaged<DeliveryHandler>.fromOpaque(box).takeRetainedValue()
          if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
            delivery.body(.success(Delivery(partition: message.pointee.partition, offset: message.pointee.offset)))
          } else {
            delivery.body(.failure(KafkaError(message.pointee.err, of: client, while: "producing")))
          }
        }
      }
    }
    // Delivery reports stand in the main queue; librdkafka's background thread serves only what is forwarded to it.
    let main = rd_kafka_queue_get_main(handle.client)
    let background = rd_kafka_queue_get_background(handle.client)
    rd_kafka_queue_forward(main, background)
    rd_kafka_queue_destroy(main)
    rd_kafka_queue_destroy(background)
  }

  private final class DeliveryHandler: Sendable {
    let body: @Sendable (Result<Delivery, KafkaError>) -> Void
    init(_ body: @escaping @Sendable (Result<Delivery, KafkaError>) -> Void) { self.body = body }
  }

  /// Queues a record (its bytes are copied) and returns; `onDelivery` is called exactly once unless this throws, on a
  /// thread of librdkafka that it must not block. Throws code `queueFull` when 100,000 records or 1 GB wait
  /// (librdkafka's defaults), and what ended this client if an error was fatal.
  package func send(
    topic: TopicName, key: [UInt8]?, headers: [EventHeader] = [], value: [UInt8]?, partition: Int32? = nil,
    timestampMilliseconds: Int64? = nil, onDelivery: @escaping @Sendable (Result<Delivery, KafkaError>) -> Void
  ) throws(KafkaError) {
    let list = rd_kafka_headers_new(headers.count)
    for header in headers {
      rd_kafka_header_add(list, header.name.text, -1, header.value, header.value.count)
    }
    let box = Unmanaged.passRetained(DeliveryHandler(onDelivery))
    let error: OpaquePointer? = topic.text.withCString { topic in
      withBytes(key) { key in
        withBytes(value) { value in
          var fields: [rd_kafka_vu_t] = []
          func add(_ type: rd_kafka_vtype_t, _ set: (inout rd_kafka_vu_t) -> Void) {
            var field = rd_kafka_vu_t()
            field.vtype = type
            set(&field)
            fields.append(field)
          }
          add(RD_KAFKA_VTYPE_TOPIC) { $0.u.cstr = topic }
          add(RD_KAFKA_VTYPE_MSGFLAGS) { $0.u.i = RD_KAFKA_MSG_F_COPY }
          add(RD_KAFKA_VTYPE_HEADERS) { $0.u.headers = list }
          add(RD_KAFKA_VTYPE_OPAQUE) { $0.u.ptr = box.toOpaque() }
          if let key { add(RD_KAFKA_VTYPE_KEY) { ($0.u.mem.ptr, $0.u.mem.size) = (key.start, key.count) } }
          if let value { add(RD_KAFKA_VTYPE_VALUE) { ($0.u.mem.ptr, $0.u.mem.size) = (value.start, value.count) } }
          if let partition { add(RD_KAFKA_VTYPE_PARTITION) { $0.u.i32 = partition } }
          if let timestampMilliseconds { add(RD_KAFKA_VTYPE_TIMESTAMP) { $0.u.i64 = timestampMilliseconds } }
          return rd_kafka_produceva(handle.client, fields, fields.count)
        }
      }
    }
    guard let error else { return }
    // librdkafka takes headers and opaque only if it takes the record.
    rd_kafka_headers_destroy(list)
    box.release()
    let failure = KafkaError(adopting: error, while: "producing")
    throw failure.isFatal ? KafkaError(RD_KAFKA_RESP_ERR__FATAL, of: handle.client, while: "producing") : failure
  }

  /// Sends a record and waits for its acknowledgement. While the queue is full it waits as well.
  package func produce(
    topic: TopicName, key: [UInt8]?, headers: [EventHeader] = [], value: [UInt8]?, partition: Int32? = nil,
    timestampMilliseconds: Int64? = nil
  ) async throws -> Delivery {
    while true {
      do {
        return try await withCheckedThrowingContinuation { continuation in
          do {
            try send(
              topic: topic, key: key, headers: headers, value: value, partition: partition,
              timestampMilliseconds: timestampMilliseconds
            ) { continuation.resume(with: $0) }
          } catch {
            continuation.resume(throwing: error)
          }
        }
      } catch let error as KafkaError where error.code == .queueFull {
        try await Task.sleep(for: .milliseconds(5))
      }
    }
  }

  /// Sends an encoded event and waits for its acknowledgement.
  package func produce(_ event: EncodedEvent, to topic: TopicName) async throws -> Delivery {
    try await produce(topic: topic, key: event.key, headers: event.headers, value: event.value)
  }

  /// The partition a record with this key goes to, of a topic with so many: the murmur2 hash of the Java client.
  package static func partition(forKey key: [UInt8], of partitionCount: Int) -> Int32 {
    // The topic is a parameter of every partitioner and is not looked at by this one.
    rd_kafka_msg_partitioner_murmur2(nil, key, key.count, Int32(partitionCount), nil, nil)
  }

  /// Records that wait for their acknowledgement.
  package var pendingCount: Int { Int(rd_kafka_outq_len(handle.client)) }

  /// Waits until every record is acknowledged or failed; false if some still wait after `timeout`. Blocks.
  package func flush(timeout: Duration) -> Bool {
    rd_kafka_flush(handle.client, timeout.cMilliseconds) == RD_KAFKA_RESP_ERR_NO_ERROR
  }

  private func withBytes<Result>(
    _ bytes: [UInt8]?, _ body: ((start: UnsafeMutableRawPointer?, count: Int)?) -> Result
  ) -> Result {
    guard let bytes else { return body(nil) }
    // An empty value is not an absent one: it needs an address. librdkafka reads and never writes.
    return bytes.withUnsafeBytes { raw in
      withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { spare in
        body((UnsafeMutableRawPointer(mutating: raw.baseAddress) ?? spare.baseAddress, raw.count))
      }
    }
  }
}
