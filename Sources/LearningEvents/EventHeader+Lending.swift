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
