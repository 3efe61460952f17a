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
  package var printable: String {
    guard !unicodeScalars.allSatisfy(\.isInert) else { return self }
    var result = ""
    for scalar in unicodeScalars {
      if scalar.isInert {
        result.unicodeScalars.append(scalar)
      } else {
        result += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return result
  }

  /// The same for a name or value inside a sentence: its first 80 characters, and `""` for an empty one.
  package var shown: String {
    guard !isEmpty else { return "\"\"" }
    let head = unicodeScalars.prefix(80)
    return String(head).printable + (head.endIndex == unicodeScalars.endIndex ? "" : "…")
  }
}
