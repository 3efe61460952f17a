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

extension LearnerPseudonym {
  var postgres: PostgresUUID { PostgresUUID(high: high, low: low) }
  init(_ uuid: PostgresUUID) { self.init(high: uuid.high, low: uuid.low) }
}
