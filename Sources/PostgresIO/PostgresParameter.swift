package import LearningEvents

/// A value bound to `$1`, `$2`, … in PostgreSQL's binary form. Arrays have one dimension and may be empty.
///
/// The cases are concrete, and an array is written by one loop in this module: a batch binds thousands of rows.
package enum PostgresParameter: Sendable, Equatable {
  /// A null whose type the server infers.
  case null
  case bool(Bool)
  case int2(Int16)
  case int4(Int32)
  case int8(Int64)
  case double(Double)
  /// UTF-8 without NUL, which PostgreSQL refuses (22021).
  case text(String)
  case bytes([UInt8])
  case uuid(LearnerPseudonym)
  case timestamp(EventTime)
  case date(CalendarDay)
  /// A JSON text for a `json` or `jsonb` parameter.
  case json(String)

  case bools([Bool])
  case int2s([Int16])
  case optionalInt2s([Int16?])
  case int4s([Int32])
  case optionalInt4s([Int32?])
  case int8s([Int64])
  case optionalInt8s([Int64?])
  case doubles([Double])
  case texts([String])
  case optionalTexts([String?])
  case byteStrings([[UInt8]])
  case uuids([LearnerPseudonym])
  case timestamps([EventTime])
  case optionalTimestamps([EventTime?])
  case dates([CalendarDay])

  package static func id<Kind>(_ id: Identifier<Kind>) -> Self { .text(id.text) }
  package static func optionalID<Kind>(_ id: Identifier<Kind>?) -> Self { .optional(id?.text) }

  /// `$1, $2, …`: the places of that many values in a statement.
  package static func placeholders(_ count: Int) -> String { (1...count).map { "$\($0)" }.joined(separator: ", ") }

  package static func optional(_ value: Int16?) -> Self { value.map { .int2($0) } ?? .null }
  package static func optional(_ value: Int32?) -> Self { value.map { .int4($0) } ?? .null }
  package static func optional(_ value: Int64?) -> Self { value.map { .int8($0) } ?? .null }
  package static func optional(_ value: String?) -> Self { value.map { .text($0) } ?? .null }
  package static func optional(_ value: EventTime?) -> Self { value.map { .timestamp($0) } ?? .null }

  /// The type the statement is prepared with; 0 lets the server infer it.
  var oid: UInt32 {
    switch self {
    case .null, .json: 0
    case .bool: TypeOID.bool
    case .int2: TypeOID.int2
    case .int4: TypeOID.int4
    case .int8: TypeOID.int8
    case .double: TypeOID.float8
    case .text: TypeOID.text
    case .bytes: TypeOID.bytea
    case .uuid: TypeOID.uuid
    case .timestamp: TypeOID.timestamptz
    case .date: TypeOID.date
    case .bools: TypeOID.boolArray
    case .int2s, .optionalInt2s: TypeOID.int2Array
    case .int4s, .optionalInt4s: TypeOID.int4Array
    case .int8s, .optionalInt8s: TypeOID.int8Array
    case .doubles: TypeOID.float8Array
    case .texts, .optionalTexts: TypeOID.textArray
    case .byteStrings: TypeOID.byteaArray
    case .uuids: TypeOID.uuidArray
    case .timestamps, .optionalTimestamps: TypeOID.timestamptzArray
    case .dates: TypeOID.dateArray
    }
  }

  /// 1 binary, 0 text. JSON goes as text, so that the same case serves `json` and `jsonb`.
  var format: Int32 {
    if case .json = self { 0 } else { 1 }
  }

  var isNull: Bool {
    if case .null = self { true } else { false }
  }
}
