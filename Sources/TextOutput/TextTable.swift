import PlainText

/// Aligned columns for a terminal: text to the left, numbers to the right.
package struct TextTable {
  /// What the last column holds.
  package enum LastColumn { case number, text }

  private let titles: [String]
  private let leading: Int
  private let last: LastColumn

  /// - Parameter leading: how many columns, from the first, are text.
  package init(_ titles: [String], leading: Int, last: LastColumn = .number) {
    self.titles = titles
    self.leading = leading
    self.last = last
  }

  /// - Parameter columns: the width that texts of the last column are broken to; nil breaks none.
  package func text(_ rows: [[String]], columns: Int? = nil) -> String {
    lines(rows, columns: columns).map { "\($0)\n" }.joined()
  }

  /// The titles' line and one a row, which holds further ones where its last text is broken.
  package func lines(_ rows: [[String]], columns: Int? = nil) -> [String] {
    let lines = [titles] + rows
    let widths = titles.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    let indent = widths.dropLast().reduce(0) { $0 + $1 + 2 }
    return lines.map { cells in
      cells.enumerated().map { column, cell in
        if last == .text, column == titles.count - 1 {
          // Nothing stands behind it, so it needs no blanks.
          guard let columns else { return cell }
          let room = max(Self.leastRoom, columns - indent)
          return cell.wrapped(columns: room).joined(separator: "\n" + String(repeating: " ", count: indent))
        }
        return column < leading ? cell.padded(to: widths[column]) : cell.paddedLeft(to: widths[column])
      }.joined(separator: "  ")
    }
  }

  /// A narrower column would be all lines.
  private static let leastRoom = 20
}
