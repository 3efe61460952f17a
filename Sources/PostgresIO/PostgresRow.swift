package import LearningEvents

/// One row of a result; shares its memory. Values are decoded when asked for, by name or by position from 0.
package struct PostgresRow: Sendable {
  let result: PostgresResult
  let index: Int32

  /// Decodes a value that must not be null.
  package func decode<Value: PostgresDecodable>(
    _ column: String, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value {
    guard let value = try decodeIfPresent(column, as: type) else {
      throw .undecodable("the column \(column) is null")
    }
    return value
  }

  /// Decodes a value, or nil for a null.
  package func decodeIfPresent<Value: PostgresDecodable>(
    _ column: String, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value? {
    guard let position = result.column(column) else { throw .undecodable("there is no column \(column)") }
    return try value(at: position, named: column)
  }

  /// Decodes the value at a position that must not be null.
  package func decode<Value: PostgresDecodable>(
    at position: Int, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value {
    guard let value = try decodeIfPresent(at: position, as: type) else {
      throw .undecodable("column \(position) is null")
    }
    return value
  }

  /// Decodes the value at a position, or nil for a null.
  package func decodeIfPresent<Value: PostgresDecodable>(
    at position: Int, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value? {
    guard position >= 0, position < result.columnCount else { throw .undecodable("there is no column \(position)") }
    return try value(at: Int32(position), named: "\(position)")
  }

  private func value<Value: PostgresDecodable>(
    at position: Int32, named name: String
  ) throws(PostgresError) -> Value? {
    let type = result.type(position)
    return try result.withValue(index, position) { bytes throws(PostgresError) -> Value? in
      guard let bytes else { return nil }
      guard let value = Value(postgres: bytes, type: type) else {
        throw .undecodable("the column \(name) of type \(type) is no \(Value.self)")
      }
      return value
    }
  }
}

extension PostgresRow {
  /// The row's values one after the other, in the order in which the statement names its columns.
  package var columns: PostgresColumns { PostgresColumns(row: self) }
}

/// Reads a row from its first column to its last. For results that grow with the data: no name is looked up, and no
/// column has a number that must be counted.
package struct PostgresColumns {
  fileprivate let row: PostgresRow
  private var position = 0

  fileprivate init(row: PostgresRow) { self.row = row }

  /// Decodes the next value, which must not be null.
  package mutating func next<Value: PostgresDecodable>(
    as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value {
    defer { position += 1 }
    return try row.decode(at: position, as: type)
  }

  /// Decodes the next value, or nil for a null.
  package mutating func nextIfPresent<Value: PostgresDecodable>(
    as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value? {
    defer { position += 1 }
    return try row.decodeIfPresent(at: position, as: type)
  }
}

extension PostgresResult {
  /// The value of a statement that returns one row of one column, which must not be null.
  package func value<Value: PostgresDecodable>(as type: Value.Type = Value.self) throws(PostgresError) -> Value {
    try single().decode(at: 0, as: type)
  }

  /// The values of a statement that returns one column without nulls, row by row.
  package func values<Value: PostgresDecodable>(of type: Value.Type = Value.self) throws(PostgresError) -> [Value] {
    try map { (row) throws(PostgresError) in try row.decode(at: 0, as: type) }
  }
}

extension PostgresError {
  static func undecodable(_ message: String) -> PostgresError {
    PostgresError(code: .decoding, message: message, operation: "reading a result")
  }
}

/// A Swift type that can be read from PostgreSQL's binary form.
package protocol PostgresDecodable {
  /// Nil if the type or the length does not fit.
  init?(postgres bytes: UnsafeRawBufferPointer, type: UInt32)
}

extension PostgresDecodable where Self: FixedWidthInteger {
  /// From any of the integer types, if the value fits.
  package init?(postgres bytes: UnsafeRawBufferPointer, type: UInt32) {
    switch (type, bytes.count) {
    case (TypeOID.int2, 2): self.init(exactly: Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
    case (TypeOID.int4, 4): self.init(exactly: Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
    case (TypeOID.int8, 8): self.init(exactly: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
    case (TypeOID.oid, 4): self.init(exactly: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
    default: return nil
    }
  }
}

extension Int16: PostgresDecodable {}
extension Int32: PostgresDecodable {}
extension Int64: PostgresDecodable {}
extension Int: PostgresDecodable {}

extension Bool: PostgresDecodable {
  package init?(postgres bytes: UnsafeRawBufferPointer, type: UInt32) {
    guard type == TypeOID.bool, bytes.count == 1 else { return nil }
    self = bytes[0] != 0
  }
}

extension Double: PostgresDecodable {
  package init?(postgres bytes: UnsafeRawBufferPointer, type: UInt32) {
    switch (type, bytes.count) {
    case (TypeOID.float8, 8): self.init(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
    case (TypeOID.float4, 4): self.init(Float(bitPattern: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))))
    default: return nil
    }
  }
}

extension String: PostgresDecodable {
  package init?(postgres bytes: UnsafeRawBufferPointer, type: UInt32) {
    switch type {
    case TypeOID.text, TypeOID.varchar, TypeOID.bpchar, TypeOID.name, TypeOID.json:
      self.init(decoding: bytes, as: UTF8.self)
    case TypeOID.jsonb:
      // A version byte stands before the text.
      guard bytes.first == 1 else { return nil }
      self.init(decoding: UnsafeRawBufferPointer(rebasing: bytes.dropFirst()), as: UTF8.self)
    default: return nil
    }
  }
}

extension LearnerPseudonym: PostgresDecodable {
  /// From a `uuid`: any 16 bytes, not only those of RFC 4122.
  package init?(postgres bytes: UnsafeRawBufferPointer, type: UInt32) {
    guard type == TypeOID.uuid, bytes.count == 16 else { return nil }
    self.init(
      high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
      low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }
}

extension EventTime: PostgresDecodable {
  /// From a `timestamptz`; nil for the two infinities, and a time out of the years 1970–9999 becomes their nearest end.
  package init?(postgres bytes: UnsafeRawBufferPointer, type: UInt32) {
    guard type == TypeOID.timestamptz, bytes.count == 8 else { return nil }
    let value = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    let (time, overflow) = value.addingReportingOverflow(PostgresEpoch.microsecondsSince1970)
    guard !overflow, value != .min else { return nil }
    self.init(microseconds: time)
  }
}

extension CalendarDay: PostgresDecodable {
  /// From a `date`; nil for the two infinities.
  package init?(postgres bytes: UnsafeRawBufferPointer, type: UInt32) {
    guard type == TypeOID.date, bytes.count == 4 else { return nil }
    let value = Int32(bigEndian: bytes.loadUnaligned(as: Int32.self))
    let (day, overflow) = value.addingReportingOverflow(PostgresEpoch.daysSince1970)
    guard !overflow, value != .min else { return nil }
    self.init(daysSinceEpoch: day)
  }
}

extension Identifier: PostgresDecodable {
  package init?(postgres bytes: UnsafeRawBufferPointer, type: UInt32) {
    guard let text = String(postgres: bytes, type: type) else { return nil }
    self.init(text)
  }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
  /// A `bytea` as bytes, or an array of one dimension without nulls.
  package init?(postgres bytes: UnsafeRawBufferPointer, type: UInt32) {
    if type == TypeOID.bytea {
      guard let copy = [UInt8](bytes) as? [Element] else { return nil }
      self = copy
      return
    }
    func int32(_ offset: Int) -> Int32? {
      guard offset + 4 <= bytes.count else { return nil }
      return Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
    }
    guard let dimensions = int32(0), let element = int32(8) else { return nil }
    guard dimensions != 0 else {
      self = []
      return
    }
    guard dimensions == 1, let count = int32(12), count >= 0, Int(count) <= bytes.count else { return nil }
    self = []
    reserveCapacity(Int(count))
    var position = 20
    for _ in 0..<count {
      guard let length = int32(position), length >= 0, position + 4 + Int(length) <= bytes.count else { return nil }
      let slice = UnsafeRawBufferPointer(rebasing: bytes[(position + 4)..<(position + 4 + Int(length))])
      guard let value = Element(postgres: slice, type: UInt32(bitPattern: element)) else { return nil }
      append(value)
      position += 4 + Int(length)
    }
  }
}

/// Exists so that `[UInt8]` can be read from `bytea`; PostgreSQL has no such type of its own.
extension UInt8: PostgresDecodable {}
