import Configuration
import LearningEvents

extension EventTime: ConfigurationValue {
  package init?(configurationText text: String) { self.init(rfc3339: text) }
  package var configurationText: String { rfc3339 }
  package static var configurationExpectation: String { "a time like 2026-11-23T10:00:00Z" }
}
