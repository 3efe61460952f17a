/// A table as comma-separated values after RFC 4180: fields in quotes where they need them, lines that end with CRLF.
///
/// What it writes, ``CSVRows`` reads back field by field. Fields are written as they are: one that begins with `=` is a
/// formula to a spreadsheet.
package struct CSVText: Sendable, Hashable {
  /// The lines so far, the header first.
  package private(set) var text = ""
  private let columns: Int

  /// - Parameter header: at least one name.
  package init(_ header: [String]) {
    precondition(!header.isEmpty, "a table has columns")
    columns = header.count
    append(header)
  }

  /// Appends a row of as many fields as the header has.
  package mutating func append(_ fields: [String]) {
    precondition(fields.count == columns, "a row has a field for each column")
    // A line of nothing at all is no row to a reader.
    text += fields == [""] ? "\"\"" : fields.map(Self.field).joined(separator: ",")
    text += "\r\n"
  }

  private static func field(_ value: String) -> String {
    // Scalars, not characters: CRLF is one character that is neither of its two.
    guard value.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return value }
    return "\"" + value.replacing("\"", with: "\"\"") + "\""
  }
}
