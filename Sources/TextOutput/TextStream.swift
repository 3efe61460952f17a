/// Where text goes: a terminal, a file, a pipe, or a test's memory. Any thread.
package protocol TextStream: Sendable {
  /// Whether a person reads it on a terminal.
  var isTerminal: Bool { get }
  /// Columns and rows of the terminal now; nil where it is none or does not say.
  var size: (columns: Int, rows: Int)? { get }
  /// True once nobody can read what is written: the reader of a pipe has gone.
  var isAbandoned: Bool { get }

  /// Writes the whole text, or throws; texts of several threads do not interleave.
  func write(_ text: String) throws(TextStreamError)
}

/// A text that could not be written.
package struct TextStreamError: Error, Equatable, CustomStringConvertible {
  /// The system's `errno`.
  package let code: Int32
  package let description: String

  package init(code: Int32, description: String) { (self.code, self.description) = (code, description) }
}
