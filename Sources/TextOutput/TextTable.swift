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

  package func text(_ rows: [[String]]) -> String { lines(rows).map { "\($0)\n" }.joined() }

  /// The titles' line and one a row.
  package func lines(_ rows: [[String]]) -> [String] {
    let lines = [titles] + rows
    let widths = titles.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { cells in
      cells.enumerated().map { column, cell in
        // Nothing stands behind it, so it needs no blanks.
        if last == .text, column == titles.count - 1 { return cell }
        return column < leading ? cell.padded(to: widths[column]) : cell.paddedLeft(to: widths[column])
      }.joined(separator: "  ")
    }
  }
}
