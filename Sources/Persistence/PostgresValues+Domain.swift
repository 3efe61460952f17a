import Cryptography
import LearningEvents
import PostgresIO

// The domain's values in PostgreSQL's types, and back.

extension EventTime {
  var postgres: PostgresTimestamp { PostgresTimestamp(microsecondsSince1970: microseconds) }
  init(_ timestamp: PostgresTimestamp) { self.init(microseconds: timestamp.microsecondsSince1970) }
}

extension CalendarDay {
  var postgres: PostgresDate { PostgresDate(daysSince1970: daysSinceEpoch) }
  init(_ date: PostgresDate) { self.init(daysSinceEpoch: date.daysSince1970) }
}

extension Identifier: PostgresDecodable {
  package init?(postgres bytes: UnsafeRawBufferPointer, type: UInt32) {
    guard let text = String(postgres: bytes, type: type) else { return nil }
    self.init(text)
  }
}

extension PostgresParameter {
  static func id<Kind>(_ id: Identifier<Kind>) -> Self { .text(id.text) }
  static func optionalID<Kind>(_ id: Identifier<Kind>?) -> Self { .optional(id?.text) }
}

extension LearnerPseudonym {
  var postgres: PostgresUUID { PostgresUUID(high: high, low: low) }
  init(_ uuid: PostgresUUID) { self.init(high: uuid.high, low: uuid.low) }
}
