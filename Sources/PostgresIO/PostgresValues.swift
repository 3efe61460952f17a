/// Sixteen bytes, as PostgreSQL's `uuid`; any bytes, not only those of RFC 4122.
package struct PostgresUUID: Hashable, Sendable {
  /// Bytes 0…7, big-endian.
  package var high: UInt64
  /// Bytes 8…15, big-endian.
  package var low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Traps unless there are exactly 16 bytes.
  package init(bytes: some Collection<UInt8>) {
    precondition(bytes.count == 16, "a uuid has 16 bytes")
    high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  package var bytes: [UInt8] {
    withUnsafeBytes(of: high.bigEndian, Array.init) + withUnsafeBytes(of: low.bigEndian, Array.init)
  }
}

/// A moment as `timestamptz` holds it.
package struct PostgresTimestamp: Hashable, Comparable, Sendable {
  package var microsecondsSince1970: Int64
  package init(microsecondsSince1970: Int64) { self.microsecondsSince1970 = microsecondsSince1970 }
  package static func < (a: Self, b: Self) -> Bool { a.microsecondsSince1970 < b.microsecondsSince1970 }

  /// 2000-01-01, where PostgreSQL counts from.
  static let epoch: Int64 = 946_684_800_000_000
}

/// A day as `date` holds it.
package struct PostgresDate: Hashable, Comparable, Sendable {
  package var daysSince1970: Int32
  package init(daysSince1970: Int32) { self.daysSince1970 = daysSince1970 }
  package static func < (a: Self, b: Self) -> Bool { a.daysSince1970 < b.daysSince1970 }

  /// 2000-01-01, where PostgreSQL counts from.
  static let epoch: Int32 = 10957
}

/// The type identifiers of `pg_type.dat`, which never change.
enum TypeOID {
  static let bool: UInt32 = 16
  static let bytea: UInt32 = 17
  static let name: UInt32 = 19
  static let int8: UInt32 = 20
  static let int2: UInt32 = 21
  static let int4: UInt32 = 23
  static let text: UInt32 = 25
  static let oid: UInt32 = 26
  static let json: UInt32 = 114
  static let float4: UInt32 = 700
  static let float8: UInt32 = 701
  static let bpchar: UInt32 = 1042
  static let varchar: UInt32 = 1043
  static let date: UInt32 = 1082
  static let timestamptz: UInt32 = 1184
  static let uuid: UInt32 = 2950
  static let jsonb: UInt32 = 3802

  static let boolArray: UInt32 = 1000
  static let byteaArray: UInt32 = 1001
  static let int2Array: UInt32 = 1005
  static let int4Array: UInt32 = 1007
  static let textArray: UInt32 = 1009
  static let int8Array: UInt32 = 1016
  static let float8Array: UInt32 = 1022
  static let dateArray: UInt32 = 1182
  static let timestamptzArray: UInt32 = 1185
  static let uuidArray: UInt32 = 2951
}
