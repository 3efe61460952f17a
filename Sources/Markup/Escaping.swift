/// Escaping of text for HTML and SVG, in content and in double-quoted attribute values alike.
package enum Escaping {
  /// Appends `text` to `output` with `& < > " '` as references. Characters that no document may contain (the C0 and
  /// C1 controls except tab, line feed and carriage return, and the noncharacters) become U+FFFD.
  static func append(_ text: String, to output: inout String) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": output.append("&amp;")
      case "<": output.append("&lt;")
      case ">": output.append("&gt;")
      case "\"": output.append("&quot;")
      case "'": output.append("&#39;")
      default: output.unicodeScalars.append(isForbidden(scalar) ? "\u{FFFD}" : scalar)
      }
    }
  }

  /// `text` as one line for a heading or a label: white space and controls collapse to single spaces, and the
  /// characters that reorder what stands beside them (bidirectional embeddings, overrides and isolates) are left out,
  /// so that a title cannot change how its neighbours read.
  package static func singleLine(_ text: String) -> String {
    var output = ""
    var pendingSpace = false
    for scalar in text.unicodeScalars {
      if (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value) { continue }
      if scalar.properties.isWhitespace || isForbidden(scalar) {
        pendingSpace = !output.isEmpty
        continue
      }
      if pendingSpace { output.append(" ") }
      pendingSpace = false
      output.unicodeScalars.append(scalar)
    }
    return output
  }

  private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D: false
    case 0..<0x20, 0x7F..<0xA0, 0xFDD0...0xFDEF: true
    default: scalar.value & 0xFFFE == 0xFFFE
    }
  }
}
