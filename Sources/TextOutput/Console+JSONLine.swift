import JSON
import PlainText

extension Console {
  /// One JSON value on a line with its line break, keys sorted, pure ASCII where a character could steer a terminal.
  package static func line(json value: some Encodable) throws -> String {
    var line = ""
    for scalar in try json(value).unicodeScalars {
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
