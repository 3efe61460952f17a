import Configuration
import LearningEvents

/// An id on a command line or in the environment is the bytes that stand there.
extension Identifier: ConfigurationValue {
  package init?(configurationText text: String) { self.init(text) }
  package var configurationText: String { text }
  package static var configurationExpectation: String { "a text" }
}
