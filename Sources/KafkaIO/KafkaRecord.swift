import CKafka
import Glibc
package import LearningEvents
import Synchronization

/// One record of the log. Its bytes stay librdkafka's and are lent without a copy; the last owner frees them.
///
/// `@unchecked Sendable`: a received message does not change and may be freed by any thread (its buffers are counted
/// atomically). Only its headers are parsed on first use, which the lock guards.
package final class KafkaRecord: @unchecked Sendable {
  package let topic: TopicName
  package let partition: Int32
  package let offset: Int64

  private let message: UnsafeMutablePointer<rd_kafka_message_t>
  /// A client must outlive its messages.
  private let handle: KafkaHandle
  private let headersLock = Mutex(())

  /// Adopts a message without error.
  init(adopting message: UnsafeMutablePointer<rd_kafka_message_t>, topic: TopicName, handle: KafkaHandle) {
    self.topic = topic
    partition = message.pointee.partition
    offset = message.pointee.offset
    self.message = message
    self.handle = handle
  }

  deinit { rd_kafka_message_destroy(message) }

  package var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }

  /// Milliseconds since 1970, of the producer or the broker as the topic is set; nil if the record has none.
  package var timestampMilliseconds: Int64? {
    var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
    let timestamp = rd_kafka_message_timestamp(message, &type)
    return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || timestamp < 0 ? nil : timestamp
  }

  /// The epoch of the leader that took the record; nil where the broker or librdkafka (before 2.1) does not tell.
  package var leaderEpoch: Int32? {
    guard let epoch = KafkaLibrary.messageLeaderEpoch?(message), epoch >= 0 else { return nil }
    return epoch
  }

  /// Size of the value in bytes; 0 for a record without one.
  package var valueByteCount: Int { message.pointee.payload == nil ? 0 : message.pointee.len }

  /// Bytes this record holds in memory, nearly: what a bounded queue counts. Headers as they came and as librdkafka
  /// parses them, and its own bookkeeping, make up the rest for a frame of a dozen headers.
  package var byteCount: Int { valueByteCount + message.pointee.key_len + 1536 }

  /// Lends the value; empty for a record without one.
  package func withValue<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: message.pointee.payload, count: valueByteCount))
  }

  /// Lends the key; nil for a record without one.
  package func withKey<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer?) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let key = message.pointee.key else { return try body(nil) }
    return try body(UnsafeRawBufferPointer(start: key, count: message.pointee.key_len))
  }

  /// Lends the headers in their order; empty for a record without any.
  package func withHeaders<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<LentHeader>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var headers: OpaquePointer?
    let error = headersLock.withLock { _ in rd_kafka_message_headers(message, &headers) }
    guard error == RD_KAFKA_RESP_ERR_NO_ERROR, let headers else {
      return try body(UnsafeBufferPointer(start: nil, count: 0))
    }
    let count = rd_kafka_header_cnt(headers)
    let outcome = withUnsafeTemporaryAllocation(of: LentHeader.self, capacity: count) {
      lent -> Swift.Result<Result, Failure> in
      var filled = 0
      var name: UnsafePointer<CChar>?
      var value: UnsafeRawPointer?
      var size = 0
      while filled < count,
        rd_kafka_header_get_all(headers, filled, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR,
        let name
      {
        lent.initializeElement(
          at: filled,
          to: LentHeader(
            name: UnsafeRawBufferPointer(start: name, count: strlen(name)),
            value: value.map { UnsafeRawBufferPointer(start: $0, count: size) }))
        filled += 1
      }
      // LentHeader is trivial: nothing to deinitialize.
      do throws(Failure) {
        return .success(try body(UnsafeBufferPointer(rebasing: lent[..<filled])))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  /// The frame in this record.
  package func decodeFrame() throws(EventError) -> (event: FrameEvent, image: FrameImage) {
    try withHeaders { (headers) throws(EventError) in
      try withValue { (value) throws(EventError) in
        let (event, image) = try FrameEvent.decode(headers: headers, value: value)
        return DecodedFrame(event: event, image: image)
      }
    }.pair
  }

  /// The control event in this record.
  package func controlEvent() throws(EventError) -> ControlEvent {
    try withHeaders { (headers) throws(EventError) in
      try withValue { (value) throws(EventError) in try ControlEvent.decode(headers: headers, value: value) }
    }
  }

  /// Which LMS, course and event it speaks of, as far as that can be read.
  package var eventReference: EventReference {
    withHeaders { headers in withValue { EventReference(headers: headers, value: $0) } }
  }

  /// What tells this record from another at its place in a log that was made anew: `ce_source` and `ce_id`, else
  /// (structured mode, or no event at all) the key and the first 4,096 bytes of the value. To be hashed, not stored.
  package var identityBytes: [UInt8] {
    let named = withHeaders { headers in
      var bytes: [UInt8] = []
      for name in ["ce_source", "ce_id"] {
        guard let header = headers.first(where: { $0.name.elementsEqual(name.utf8) }) else { return [UInt8]() }
        let value = header.value ?? UnsafeRawBufferPointer(start: nil, count: 0)
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: value.count).bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: value)
      }
      return bytes
    }
    guard named.isEmpty else { return named }
    return withKey { $0.map(Array.init) ?? [] } + withValue { Array($0.prefix(4096)) }
  }

  private struct DecodedFrame {
    let event: FrameEvent
    let image: FrameImage
    var pair: (event: FrameEvent, image: FrameImage) { (event, image) }
  }
}
