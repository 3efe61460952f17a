import Foundation

extension CourseInterestReport {
  /// The report as JSON: keys in snake case and sorted, two-space indent, a line feed at the end, so that equal reports
  /// are equal bytes.
  package func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
  }
}
