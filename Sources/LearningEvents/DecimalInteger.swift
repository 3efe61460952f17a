/// Decimal integers in attributes.
enum DecimalInteger {
  /// An optional minus and 1…19 digits that fit an Int64; leading zeros are allowed, anything else gives nil.
  static func parse(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    var index = 0
    let negative = bytes.first == UInt8(ascii: "-")
    if negative { index = 1 }
    guard bytes.count > index, bytes.count - index <= 19 else { return nil }
    var value: Int64 = 0
    while index < bytes.count {
      let digit = bytes[index] &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, carry) = scaled.addingReportingOverflow(Int64(digit))
      guard !overflow, !carry else { return nil }
      value = next
      index += 1
    }
    return negative ? -value : value
  }
}
