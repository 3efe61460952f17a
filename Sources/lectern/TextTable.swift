/// Aligned columns for a terminal: text to the left, numbers to the right.
struct TextTable {
  private let titles: [String]
  private let leading: Int

  /// - Parameter leading: how many columns, from the first, are text.
  init(_ titles: [String], leading: Int) {
    self.titles = titles
    self.leading = leading
  }

  func text(_ rows: [[String]]) -> String {
    let lines = [titles] + rows
    let widths = titles.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { cells in
      let padded = cells.enumerated().map { column, cell in
        let blanks = String(repeating: " ", count: widths[column] - cell.count)
        return column < leading ? cell + blanks : blanks + cell
      }
      return padded.joined(separator: "  ") + "\n"
    }.joined()
  }
}
