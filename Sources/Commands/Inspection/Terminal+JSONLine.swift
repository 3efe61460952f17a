import Foundation
import JSON
import PlainText

extension Terminal {
  /// One JSON value on a line, keys sorted, pure ASCII where a character could steer a terminal.
  static func printLine(json value: some Encodable) throws { print(try line(json: value)) }

  /// The same as text, with its line break.
  static func line(json value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var line = ""
    for scalar in String(decoding: try encoder.encode(value), as: UTF8.self).unicodeScalars {
      if scalar.isInert {
        line.unicodeScalars.append(scalar)
      } else {
        // Outside a string JSON has no such character, so this is inside one.
        line += JSONText.escaped(scalar)
      }
    }
    return line + "\n"
  }
}
