import Configuration
import Files

/// A path of the command line, whatever its bytes.
extension FilePath: ConfigurationValue {
  package init?(configurationText text: String) { self.init(configurationBytes: Array(text.utf8)) }

  package init?(configurationBytes bytes: [UInt8]) {
    guard !bytes.isEmpty else { return nil }
    self.init(bytes: bytes)
  }

  package var configurationText: String { text }
  package static var configurationExpectation: String { "a path" }
}

/// A course's number in the database.
struct CourseNumber: ConfigurationValue, Equatable {
  let value: Int64

  init?(configurationText text: String) {
    guard let value = Int64(text) else { return nil }
    self.value = value
  }

  var configurationText: String { "\(value)" }
  static var configurationExpectation: String {
    "a course's number, which 'lectern report list' prints beside its title"
  }
}
