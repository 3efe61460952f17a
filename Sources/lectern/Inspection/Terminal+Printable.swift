import Foundation

extension Terminal {
  /// Text that cannot steer a terminal or hide itself: control and format characters (escape sequences, line breaks,
  /// bidirectional overrides) and unassigned ones appear as `\u{1b}`.
  static func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if isInert(scalar) {
        result.unicodeScalars.append(scalar)
      } else {
        result += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return result
  }

  /// One JSON value on a line, keys sorted, pure ASCII where a character could steer a terminal.
  static func printLine(json value: some Encodable) throws { print(try line(json: value)) }

  /// The same as text, with its line break.
  static func line(json value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var line = ""
    for scalar in String(decoding: try encoder.encode(value), as: UTF8.self).unicodeScalars {
      if isInert(scalar) {
        line.unicodeScalars.append(scalar)
      } else {
        // Outside a string JSON has no such character, so this is inside one.
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          line += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      }
    }
    return line + "\n"
  }

  private static func isInert(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
    default: true
    }
  }
}
