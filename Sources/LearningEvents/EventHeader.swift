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
  /// Empty for a header without a value.
  package let value: UnsafeRawBufferPointer

  package init(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) { (self.name, self.value) = (name, value) }
}

extension [EventHeader] {
  /// Lends these headers the way a received record does.
  package func withLentHeaders<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<LentHeader>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var bytes: [UInt8] = []
    for header in self {
      bytes.append(contentsOf: header.name.utf8)
      bytes.append(contentsOf: header.value)
    }
    let outcome: Swift.Result<Result, Failure> = bytes.withUnsafeBytes { all in
      var lent: [LentHeader] = []
      var offset = 0
      func take(_ count: Int) -> UnsafeRawBufferPointer {
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: all[offset..<(offset + count)])
      }
      for header in self {
        lent.append(LentHeader(name: take(header.name.utf8.count), value: take(header.value.count)))
      }
      return lent.withUnsafeBufferPointer { headers in
        do throws(Failure) { return .success(try body(headers)) } catch { return .failure(error) }
      }
    }
    return try outcome.get()
  }
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

  package init(key: [UInt8], headers: [EventHeader], value: [UInt8]) {
    (self.key, self.headers, self.value) = (key, headers, value)
  }
}
