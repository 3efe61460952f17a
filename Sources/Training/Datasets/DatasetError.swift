/// Why there is no data set, or no part of one. The message names columns, lines, labels and counts, says what to do,
/// and never names a person or a picture's file.
package struct DatasetError: Error, Hashable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
