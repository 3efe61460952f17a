extension Unicode.Scalar {
  /// Whether it can neither steer a terminal nor hide itself or its neighbours: no control or format character (escape
  /// sequences, line breaks, bidirectional overrides), nothing unassigned or private.
  package var isInert: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
    default: true
    }
  }

  /// `\u001b`, as it may stand in a JSON string: one escape for each UTF-16 unit.
  package var jsonEscape: String {
    String(self).utf16.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
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
}
