/// A table read from comma-separated values after RFC 4180, with a header and rows of the same number of fields.
///
/// Lines end with CRLF or LF, the last one may lack its end, a UTF-8 byte order mark is passed over, and so are lines
/// of nothing at all. Fields are taken as they are, blanks included. Everything else that the RFC does not allow is an
/// error that names the line.
package struct CSVRows: Sendable, Hashable {
  package struct Row: Sendable, Hashable {
    /// Where it begins, from 1; a quoted field may make it several lines long.
    package let line: Int
    /// One for each name of the header.
    package let fields: [String]
  }

  /// What a file may have at most, so that reading it stays cheap.
  package struct Limits: Sendable {
    package var bytes: Int
    package var rows: Int
    package var columns: Int
    package var fieldBytes: Int

    package init(bytes: Int = 64 << 20, rows: Int = 1_000_000, columns: Int = 256, fieldBytes: Int = 1 << 16) {
      (self.bytes, self.rows, self.columns, self.fieldBytes) = (bytes, rows, columns, fieldBytes)
    }
  }

  /// The columns' names, none of them empty and no two the same.
  package let header: [String]
  package let rows: [Row]

  package init(_ bytes: [UInt8], limits: Limits = Limits()) throws(CSVError) {
    guard bytes.count <= limits.bytes else { throw CSVError(line: 1, "more than \(limits.bytes) bytes") }
    var scanner = CSVScanner(bytes, limits: limits)
    guard let header = try scanner.next() else { throw CSVError(line: 1, "there is no header") }
    for (index, name) in header.fields.enumerated() {
      if name.isEmpty { throw CSVError(line: header.line, "column \(index + 1) has no name") }
      if let first = header.fields.firstIndex(of: name), first < index {
        throw CSVError(line: header.line, "columns \(first + 1) and \(index + 1) have the same name")
      }
    }
    var rows: [Row] = []
    while let row = try scanner.next() {
      guard row.fields.count == header.fields.count else {
        throw CSVError(line: row.line, "\(row.fields.count) fields, the header has \(header.fields.count)")
      }
      if rows.count == limits.rows { throw CSVError(line: row.line, "more than \(limits.rows) rows") }
      rows.append(row)
    }
    (self.header, self.rows) = (header.fields, rows)
  }

  /// Where a row has the field of the column with exactly this name; nil where there is none.
  package func column(_ name: String) -> Int? { header.firstIndex(of: name) }
}

/// Why a text is no table. The description names lines and columns and never a value, so it is safe to log.
package struct CSVError: Error, Hashable, CustomStringConvertible {
  /// From 1.
  package let line: Int
  package let reason: String

  package init(line: Int, _ reason: String) { (self.line, self.reason) = (line, reason) }

  package var description: String { "line \(line): \(reason)" }
}

/// Splits bytes into rows, one after another.
private struct CSVScanner {
  private let bytes: [UInt8]
  private let limits: CSVRows.Limits
  private var position: Int
  private var line = 1

  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")
  private static let carriageReturn = UInt8(ascii: "\r")
  private static let lineFeed = UInt8(ascii: "\n")

  init(_ bytes: [UInt8], limits: CSVRows.Limits) {
    self.bytes = bytes
    self.limits = limits
    position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  /// The next row; nil at the end.
  mutating func next() throws(CSVError) -> CSVRows.Row? {
    while try endOfLine() {}
    guard position < bytes.count else { return nil }
    let first = line
    var fields: [String] = []
    while true {
      if fields.count == limits.columns { throw CSVError(line: line, "more than \(limits.columns) columns") }
      fields.append(try field())
      guard position < bytes.count else { break }
      if bytes[position] == Self.comma { position += 1 } else if try endOfLine() { break }
    }
    return CSVRows.Row(line: first, fields: fields)
  }

  /// Passes over the end of a line, where one is.
  private mutating func endOfLine() throws(CSVError) -> Bool {
    guard position < bytes.count else { return false }
    if bytes[position] == Self.carriageReturn {
      guard position + 1 < bytes.count, bytes[position + 1] == Self.lineFeed else {
        throw CSVError(line: line, "a carriage return without a line feed")
      }
      position += 2
    } else if bytes[position] == Self.lineFeed {
      position += 1
    } else {
      return false
    }
    line += 1
    return true
  }

  /// One field; ends before a comma, the end of a line or the end of the text.
  private mutating func field() throws(CSVError) -> String {
    guard position < bytes.count, bytes[position] == Self.quote else { return try text(plainField(), line: line) }
    let first = line
    return try text(quotedField(), line: first)
  }

  private mutating func plainField() throws(CSVError) -> [UInt8] {
    let start = position
    scan: while position < bytes.count {
      switch bytes[position] {
      case Self.comma, Self.carriageReturn, Self.lineFeed: break scan
      case Self.quote: throw CSVError(line: line, "a quote inside a field that does not begin with one")
      default: position += 1
      }
    }
    return Array(bytes[start..<position])
  }

  private mutating func quotedField() throws(CSVError) -> [UInt8] {
    let first = line
    var value: [UInt8] = []
    position += 1
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == Self.quote {
        guard position < bytes.count else { return value }
        switch bytes[position] {
        case Self.quote: position += 1
        case Self.comma, Self.carriageReturn, Self.lineFeed: return value
        default: throw CSVError(line: line, "text behind the quote that ends a field")
        }
      } else if byte == Self.lineFeed {
        line += 1
      }
      value.append(byte)
      // Where a quote is missing, the rest of the file would be one field.
      if value.count > limits.fieldBytes { break }
    }
    if position == bytes.count, value.count <= limits.fieldBytes {
      throw CSVError(line: first, "a quoted field that does not end")
    }
    throw CSVError(line: first, "a field of more than \(limits.fieldBytes) bytes")
  }

  private func text(_ value: [UInt8], line: Int) throws(CSVError) -> String {
    if value.count > limits.fieldBytes { throw CSVError(line: line, "a field of more than \(limits.fieldBytes) bytes") }
    if value.contains(0) { throw CSVError(line: line, "a zero byte") }
    guard let text = String(validating: value, as: UTF8.self) else { throw CSVError(line: line, "not UTF-8") }
    return text
  }
}
