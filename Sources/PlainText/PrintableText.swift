extension Unicode.Scalar {
  /// Whether it can neither steer a terminal nor hide itself or its neighbours: no control or format character (escape
  /// sequences, line breaks, bidirectional overrides), nothing unassigned or private.
  package var isInert: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
    default: true
    }
  }
}

extension String {
  /// The text with what is not inert as `\u{1b}`: for whatever comes from elsewhere and is shown to a person.
  package var printable: String { replacingUnprintable { "\\u{\(String($0.value, radix: 16))}" } }

  /// The text with what is not inert as `notation` writes it.
  package func replacingUnprintable(_ notation: (Unicode.Scalar) -> String) -> String {
    guard !unicodeScalars.allSatisfy(\.isInert) else { return self }
    var result = ""
    for scalar in unicodeScalars {
      if scalar.isInert { result.unicodeScalars.append(scalar) } else { result += notation(scalar) }
    }
    return result
  }

  /// The printable text of a name or value inside a sentence: its first 80 characters, and `""` for an empty one.
  package var shown: String {
    guard !isEmpty else { return "\"\"" }
    let head = unicodeScalars.prefix(80)
    return String(head).printable + (head.endIndex == unicodeScalars.endIndex ? "" : "…")
  }

  /// The text with blanks behind it, as wide as a column of so many characters.
  package func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

  /// The same with the blanks before it, as numbers stand.
  package func paddedLeft(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
