import LearningEvents

/// The bound values of one statement, encoded ahead: a batch of thousands of rows takes a millisecond, which is better
/// spent on the caller's thread than on the connection's, while the server waits.
///
/// `@unchecked Sendable`: what it owns never changes once it is made.
package final class PostgresParameters: @unchecked Sendable {
  let buffer: ParameterBuffer

  package init(_ parameters: [PostgresParameter]) { buffer = ParameterBuffer(parameters) }
}

/// The bound values of one statement, encoded one after another in memory that lives as long as this owner.
struct ParameterBuffer: ~Copyable {
  private(set) var types: [UInt32] = []
  private(set) var lengths: [Int32] = []
  private(set) var formats: [Int32] = []
  private var offsets: [Int?] = []
  private let base: UnsafeMutableRawPointer

  init(_ parameters: [PostgresParameter]) {
    // A text parameter ends in NUL.
    let capacity = parameters.reduce(0) { $0 + $1.encodedByteCount + 1 }
    base = .allocate(byteCount: max(capacity, 1), alignment: 8)
    var writer = BinaryWriter(base)
    for parameter in parameters {
      types.append(parameter.oid)
      formats.append(parameter.format)
      let start = writer.position
      parameter.write(to: &writer)
      lengths.append(Int32(writer.position - start))
      offsets.append(parameter.isNull ? nil : start)
      writer.byte(0)
    }
    assert(writer.position <= capacity)
  }

  deinit { base.deallocate() }

  /// Lends the value pointers libpq wants; null for a null.
  func withValues<Result>(_ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result) -> Result {
    let pointers = offsets.map { $0.map { UnsafePointer((base + $0).assumingMemoryBound(to: CChar.self)) } }
    return pointers.withUnsafeBufferPointer { buffer in
      if let start = buffer.baseAddress { return body(start) }
      return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: 1) { empty in
        empty.initialize(repeating: nil)
        return body(UnsafePointer(empty.baseAddress!))
      }
    }
  }
}

/// Writes network-order bytes; the caller has reserved enough.
struct BinaryWriter {
  private let base: UnsafeMutableRawPointer
  private(set) var position = 0

  init(_ base: UnsafeMutableRawPointer) { self.base = base }

  mutating func byte(_ value: UInt8) {
    base.storeBytes(of: value, toByteOffset: position, as: UInt8.self)
    position += 1
  }

  mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
    (base + position).storeBytes(of: value.bigEndian, as: Value.self)
    position += MemoryLayout<Value>.size
  }

  mutating func bytes(_ value: UnsafeRawBufferPointer) {
    guard let source = value.baseAddress else { return }
    (base + position).copyMemory(from: source, byteCount: value.count)
    position += value.count
  }

  mutating func text(_ value: String) {
    var value = value
    value.withUTF8 { bytes(UnsafeRawBufferPointer($0)) }
  }
}

extension PostgresParameter {
  /// Header of a one-dimensional array: dimensions, has nulls, element type, length, lower bound.
  private static let arrayHeader = 20

  var encodedByteCount: Int {
    func fixed(_ count: Int, _ size: Int) -> Int { Self.arrayHeader + count * (4 + size) }
    return switch self {
    case .null: 0
    case .bool: 1
    case .int2: 2
    case .int4, .date: 4
    case .int8, .double, .timestamp: 8
    case .uuid: 16
    case .text(let value), .json(let value): value.utf8.count
    case .bytes(let value): value.count
    case .bools(let values): fixed(values.count, 1)
    case .int2s(let values): fixed(values.count, 2)
    case .optionalInt2s(let values): fixed(values.count, 2)
    case .int4s(let values): fixed(values.count, 4)
    case .optionalInt4s(let values): fixed(values.count, 4)
    case .int8s(let values): fixed(values.count, 8)
    case .optionalInt8s(let values): fixed(values.count, 8)
    case .doubles(let values): fixed(values.count, 8)
    case .timestamps(let values): fixed(values.count, 8)
    case .optionalTimestamps(let values): fixed(values.count, 8)
    case .dates(let values): fixed(values.count, 4)
    case .uuids(let values): fixed(values.count, 16)
    case .texts(let values): values.reduce(Self.arrayHeader) { $0 + 4 + $1.utf8.count }
    case .optionalTexts(let values): values.reduce(Self.arrayHeader) { $0 + 4 + ($1?.utf8.count ?? 0) }
    case .byteStrings(let values): values.reduce(Self.arrayHeader) { $0 + 4 + $1.count }
    }
  }

  func write(to writer: inout BinaryWriter) {
    switch self {
    case .null: break
    case .bool(let value): writer.byte(value ? 1 : 0)
    case .int2(let value): writer.integer(value)
    case .int4(let value): writer.integer(value)
    case .int8(let value): writer.integer(value)
    case .double(let value): writer.integer(value.bitPattern)
    case .text(let value), .json(let value): writer.text(value)
    case .bytes(let value): value.withUnsafeBytes { writer.bytes($0) }
    case .uuid(let value): writer.uuid(value)
    case .timestamp(let value): writer.integer(value.wire)
    case .date(let value): writer.integer(value.wire)
    case .bools(let values): writer.array(values, TypeOID.bool, 1) { $0.byte($1 ? 1 : 0) }
    case .int2s(let values): writer.array(values, TypeOID.int2, 2) { $0.integer($1) }
    case .optionalInt2s(let values): writer.optionals(values, TypeOID.int2, 2) { $0.integer($1) }
    case .int4s(let values): writer.array(values, TypeOID.int4, 4) { $0.integer($1) }
    case .optionalInt4s(let values): writer.optionals(values, TypeOID.int4, 4) { $0.integer($1) }
    case .int8s(let values): writer.array(values, TypeOID.int8, 8) { $0.integer($1) }
    case .optionalInt8s(let values): writer.optionals(values, TypeOID.int8, 8) { $0.integer($1) }
    case .doubles(let values): writer.array(values, TypeOID.float8, 8) { $0.integer($1.bitPattern) }
    case .timestamps(let values): writer.array(values, TypeOID.timestamptz, 8) { $0.integer($1.wire) }
    case .optionalTimestamps(let values):
      writer.optionals(values, TypeOID.timestamptz, 8) { $0.integer($1.wire) }
    case .dates(let values): writer.array(values, TypeOID.date, 4) { $0.integer($1.wire) }
    case .uuids(let values): writer.array(values, TypeOID.uuid, 16) { $0.uuid($1) }
    case .texts(let values):
      writer.header(count: values.count, TypeOID.text, hasNulls: false)
      for value in values { writer.countedText(value) }
    case .optionalTexts(let values):
      writer.header(count: values.count, TypeOID.text, hasNulls: values.contains { $0 == nil })
      for value in values {
        if let value { writer.countedText(value) } else { writer.integer(Int32(-1)) }
      }
    case .byteStrings(let values):
      writer.header(count: values.count, TypeOID.bytea, hasNulls: false)
      for value in values {
        writer.integer(Int32(value.count))
        value.withUnsafeBytes { writer.bytes($0) }
      }
    }
  }
}

extension BinaryWriter {
  fileprivate mutating func header(count: Int, _ type: UInt32, hasNulls: Bool) {
    integer(Int32(count == 0 ? 0 : 1))
    integer(Int32(hasNulls ? 1 : 0))
    integer(type)
    guard count > 0 else { return }
    integer(Int32(count))
    integer(Int32(1))
  }

  fileprivate mutating func countedText(_ value: String) {
    integer(Int32(value.utf8.count))
    text(value)
  }

  fileprivate mutating func uuid(_ value: LearnerPseudonym) {
    integer(value.high)
    integer(value.low)
  }

  @inline(__always)
  fileprivate mutating func array<Value>(
    _ values: [Value], _ type: UInt32, _ size: Int32, _ write: (inout BinaryWriter, Value) -> Void
  ) {
    header(count: values.count, type, hasNulls: false)
    for value in values {
      integer(size)
      write(&self, value)
    }
  }

  @inline(__always)
  fileprivate mutating func optionals<Value>(
    _ values: [Value?], _ type: UInt32, _ size: Int32, _ write: (inout BinaryWriter, Value) -> Void
  ) {
    header(count: values.count, type, hasNulls: values.contains { $0 == nil })
    for value in values {
      if let value {
        integer(size)
        write(&self, value)
      } else {
        integer(Int32(-1))
      }
    }
  }
}

extension EventTime {
  /// Microseconds since 2000.
  var wire: Int64 { microseconds - PostgresEpoch.microsecondsSince1970 }
}

extension CalendarDay {
  /// Days since 2000. What does not fit becomes a value the server refuses, never another day or infinity.
  var wire: Int32 {
    let (value, overflow) = daysSinceEpoch.subtractingReportingOverflow(PostgresEpoch.daysSince1970)
    return overflow ? .min + 1 : value
  }
}
