/// One Kafka header of an event to be sent.
package struct EventHeader: Sendable, Hashable {
  package var name: HeaderName
  package var value: [UInt8]

  package init(name: HeaderName, value: [UInt8]) { (self.name, self.value) = (name, value) }
  package init(_ name: HeaderName, _ value: String) { self.init(name: name, value: Array(value.utf8)) }
}

/// One Kafka header of a received record, lent by whoever owns the record: valid only during the call that gets it.
package struct LentHeader {
  package let name: UnsafeRawBufferPointer
  /// Nil for a header whose value is null, which is an attribute that is not there, as null is in JSON.
  package let value: UnsafeRawBufferPointer?

  package init(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?) { (self.name, self.value) = (name, value) }
}

/// An event as it goes into Kafka.
package struct EncodedEvent: Sendable, Hashable {
  package var key: [UInt8]
  package var headers: [EventHeader]
  package var value: [UInt8]

  /// What the record takes on the log, nearly: batch and record frames are counted as 100 bytes.
  package var byteCount: Int {
    headers.reduce(key.count + value.count + 100) { $0 + $1.name.utf8.count + $1.value.count + 4 }
  }
}
