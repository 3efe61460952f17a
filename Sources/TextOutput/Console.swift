import Foundation
import JSON
import PlainText
import Synchronization

/// The two outputs of a program: data on one, progress, logs and errors on the other. Any thread.
package final class Console: Sendable {
  package let output: any TextStream
  package let errors: any TextStream
  /// Whether text drawn for a terminal may have colours.
  package let wantsColour: Bool
  private let failure = Mutex<TextStreamError?>(nil)

  package init(output: any TextStream, errors: any TextStream, wantsColour: Bool = false) {
    (self.output, self.errors, self.wantsColour) = (output, errors, wantsColour)
  }

  /// Why the first text that did not get out did not; nil while all of the data was written.
  package var outputFailure: TextStreamError? { failure.withLock(\.self) }

  /// Writes data, whole.
  ///
  /// - Returns: false if it could not be written, which `outputFailure` keeps: a command that has more to come may
  ///   stop, as after its reader closed the pipe.
  @discardableResult package func print(_ text: String) -> Bool {
    do throws(TextStreamError) {
      try output.write(text)
      return true
    } catch {
      failure.withLock { $0 = $0 ?? error }
      return false
    }
  }

  /// Writes progress or an error. Nobody could be told that it got lost.
  package func note(_ text: String) { try? errors.write(text) }

  /// Writes one JSON value and a line break as data, keys sorted.
  package func print(json value: some Encodable) throws { print(try Self.json(value) + "\n") }

  /// The same for a value of which there are several, one a line: see `line(json:)`.
  package func printLine(json value: some Encodable) throws { print(try Self.line(json: value)) }

  /// One JSON value on a line with its line break, keys sorted, pure ASCII where a character could steer a terminal.
  package static func line(json value: some Encodable) throws -> String {
    // Outside a string JSON has no such character, so whatever is replaced is inside one.
    try json(value).replacingUnprintable(JSONText.escaped) + "\n"
  }

  /// The text of one JSON value, keys sorted.
  package static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
