package import LearningEvents

/// A value bound to `$1`, `$2`, … in PostgreSQL's binary form. Arrays have one dimension and may be empty.
///
/// It is encoded where it is made: a batch of thousands of rows takes a millisecond, which is better spent on the
/// caller's thread than on the connection's, while the server waits. The element types are concrete, and an array is
/// written by one loop in this module.
package struct PostgresParameter: Sendable, Equatable {
  /// The type the statement is prepared with; 0 lets the server infer it.
  package let type: UInt32
  /// 1 binary, 0 text.
  let format: Int32
  /// Nil for a null.
  package let bytes: [UInt8]?

  private init(type: UInt32, format: Int32 = 1, bytes: [UInt8]?) {
    (self.type, self.format, self.bytes) = (type, format, bytes)
  }

  /// A null whose type the server infers.
  package static let null = Self(type: 0, bytes: nil)
  package static func bool(_ value: Bool) -> Self { number(UInt8(value ? 1 : 0), TypeOID.bool) }
  package static func int2(_ value: Int16) -> Self { number(value, TypeOID.int2) }
  package static func int4(_ value: Int32) -> Self { number(value, TypeOID.int4) }
  package static func int8(_ value: Int64) -> Self { number(value, TypeOID.int8) }
  package static func double(_ value: Double) -> Self { number(value.bitPattern, TypeOID.float8) }
  package static func uuid(_ value: LearnerPseudonym) -> Self { number(value.wire, TypeOID.uuid) }
  package static func timestamp(_ value: EventTime) -> Self { number(value.wire, TypeOID.timestamptz) }
  package static func date(_ value: CalendarDay) -> Self { number(value.wire, TypeOID.date) }
  package static func bytes(_ value: [UInt8]) -> Self { Self(type: TypeOID.bytea, bytes: value) }
  /// UTF-8 without NUL, which PostgreSQL refuses (22021).
  package static func text(_ value: String) -> Self { Self(type: TypeOID.text, bytes: Array(value.utf8)) }
  /// A JSON text for a `json` or `jsonb` parameter: sent as text, which serves both.
  package static func json(_ value: String) -> Self { Self(type: 0, format: 0, bytes: Array(value.utf8)) }
  package static func id<Kind>(_ id: Identifier<Kind>) -> Self { .text(id.text) }

  package static func optional(_ value: Int16?) -> Self { value.map(int2) ?? .null }
  package static func optional(_ value: Int32?) -> Self { value.map(int4) ?? .null }
  package static func optional(_ value: Int64?) -> Self { value.map(int8) ?? .null }
  package static func optional(_ value: String?) -> Self { value.map(text) ?? .null }
  package static func optional(_ value: EventTime?) -> Self { value.map(timestamp) ?? .null }
  package static func optionalID<Kind>(_ id: Identifier<Kind>?) -> Self { .optional(id?.text) }

  package static func bools(_ values: [Bool]) -> Self {
    array(TypeOID.boolArray, TypeOID.bool, values) { UInt8($0 ? 1 : 0) }
  }
  package static func int2s(_ values: [Int16]) -> Self { array(TypeOID.int2Array, TypeOID.int2, values) { $0 } }
  package static func optionalInt2s(_ values: [Int16?]) -> Self {
    array(TypeOID.int2Array, TypeOID.int2, values) { $0 }
  }
  package static func int4s(_ values: [Int32]) -> Self { array(TypeOID.int4Array, TypeOID.int4, values) { $0 } }
  package static func optionalInt4s(_ values: [Int32?]) -> Self {
    array(TypeOID.int4Array, TypeOID.int4, values) { $0 }
  }
  package static func int8s(_ values: [Int64]) -> Self { array(TypeOID.int8Array, TypeOID.int8, values) { $0 } }
  package static func optionalInt8s(_ values: [Int64?]) -> Self {
    array(TypeOID.int8Array, TypeOID.int8, values) { $0 }
  }
  package static func uuids(_ values: [LearnerPseudonym]) -> Self {
    array(TypeOID.uuidArray, TypeOID.uuid, values) { $0.wire }
  }
  package static func timestamps(_ values: [EventTime]) -> Self {
    array(TypeOID.timestamptzArray, TypeOID.timestamptz, values) { $0.wire }
  }
  package static func optionalTimestamps(_ values: [EventTime?]) -> Self {
    array(TypeOID.timestamptzArray, TypeOID.timestamptz, values) { $0?.wire }
  }
  package static func dates(_ values: [CalendarDay]) -> Self {
    array(TypeOID.dateArray, TypeOID.date, values) { $0.wire }
  }
  package static func texts(_ values: [String]) -> Self {
    array(TypeOID.textArray, TypeOID.text, bytesOf: values) { $0.utf8 }
  }
  package static func optionalTexts(_ values: [String?]) -> Self {
    array(TypeOID.textArray, TypeOID.text, bytesOf: values) { $0?.utf8 }
  }

  /// `$1, $2, …`: the places of that many values in a statement.
  package static func placeholders(_ count: Int) -> String { (1...count).map { "$\($0)" }.joined(separator: ", ") }

  // MARK: The binary form

  private static func number(_ value: some FixedWidthInteger, _ type: UInt32) -> Self {
    Self(type: type, bytes: withUnsafeBytes(of: value.bigEndian) { Array($0) })
  }

  /// An array of values of one size; a null where `wire` gives none.
  @inline(__always)
  private static func array<Value, Wire: FixedWidthInteger>(
    _ type: UInt32, _ element: UInt32, _ values: [Value], _ wire: (Value) -> Wire?
  ) -> Self {
    let size = MemoryLayout<Wire>.size
    return array(type, element, count: values.count, byteCount: values.count * (4 + size)) { writer in
      for value in values {
        guard let wire = wire(value) else {
          writer.null()
          continue
        }
        writer.integer(Int32(size))
        writer.integer(wire)
      }
    }
  }

  /// An array of texts; a null where `bytes` gives none.
  private static func array<Value, Bytes: Collection<UInt8>>(
    _ type: UInt32, _ element: UInt32, bytesOf values: [Value], _ bytes: (Value) -> Bytes?
  ) -> Self {
    let byteCount = values.reduce(0) { $0 + 4 + (bytes($1)?.count ?? 0) }
    return array(type, element, count: values.count, byteCount: byteCount) { writer in
      for value in values {
        guard let bytes = bytes(value) else {
          writer.null()
          continue
        }
        writer.integer(Int32(bytes.count))
        writer.append(bytes)
      }
    }
  }

  /// - Parameter byteCount: of the elements with their lengths, at most.
  @inline(__always)
  private static func array(
    _ type: UInt32, _ element: UInt32, count: Int, byteCount: Int, _ writeElements: (inout BinaryWriter) -> Void
  ) -> Self {
    let bytes = [UInt8](unsafeUninitializedCapacity: 20 + byteCount) { buffer, used in
      var writer = BinaryWriter(UnsafeMutableRawPointer(buffer.baseAddress!))
      writer.integer(Int32(count == 0 ? 0 : 1))
      // Whether there are nulls, which the elements tell.
      writer.integer(Int32(0))
      writer.integer(element)
      if count > 0 {
        writer.integer(Int32(count))
        // The lower bound.
        writer.integer(Int32(1))
        writeElements(&writer)
      }
      used = writer.position
    }
    return Self(type: type, bytes: bytes)
  }
}

extension [PostgresParameter] {
  /// Lends the value pointers that libpq wants; null for a null.
  func withPointers<Result>(_ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result) -> Result {
    // One after another, each with the NUL that a value in text form ends in.
    var joined: [UInt8] = [0]
    joined.reserveCapacity(reduce(1) { $0 + ($1.bytes?.count ?? 0) + 1 })
    let offsets = map { parameter -> Int? in
      guard let bytes = parameter.bytes else { return nil }
      let offset = joined.count
      joined += bytes
      joined.append(0)
      return offset
    }
    return joined.withUnsafeBytes { all in
      let start = all.baseAddress!.assumingMemoryBound(to: CChar.self)
      let pointers = offsets.map { $0.map { start + $0 } } + [nil]
      return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
    }
  }
}

/// Writes an array in network order; the caller has reserved enough.
private struct BinaryWriter {
  private let base: UnsafeMutableRawPointer
  private(set) var position = 0

  init(_ base: UnsafeMutableRawPointer) { self.base = base }

  mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
    (base + position).storeBytes(of: value.bigEndian, as: Value.self)
    position += MemoryLayout<Value>.size
  }

  mutating func append(_ bytes: some Collection<UInt8>) {
    UnsafeMutableRawBufferPointer(start: base + position, count: bytes.count).copyBytes(from: bytes)
    position += bytes.count
  }

  /// A null, and that the array has one.
  mutating func null() {
    integer(Int32(-1))
    (base + 4).storeBytes(of: Int32(1).bigEndian, as: Int32.self)
  }
}

extension LearnerPseudonym {
  fileprivate var wire: UInt128 { UInt128(high) << 64 | UInt128(low) }
}

extension EventTime {
  /// Microseconds since 2000.
  fileprivate var wire: Int64 { microseconds - PostgresEpoch.microsecondsSince1970 }
}

extension CalendarDay {
  /// Days since 2000. What does not fit becomes a value the server refuses, never another day or infinity.
  fileprivate var wire: Int32 {
    let (value, overflow) = daysSinceEpoch.subtractingReportingOverflow(PostgresEpoch.daysSince1970)
    return overflow ? .min + 1 : value
  }
}
