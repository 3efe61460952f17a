extension String {
  /// The text in lines of at most `columns` columns, broken at blanks; those after the first begin with `indent`
  /// blanks.
  package func wrapped(columns: Int = 100, indent: Int = 0) -> [String] {
    // Blanks that the text begins with are its own indentation.
    let start = String(prefix { $0 == " " })
    var lines = [start]
    for word in split(separator: " ") {
      let isFresh = lines[lines.count - 1].allSatisfy { $0 == " " }
      if !isFresh, lines[lines.count - 1].count + 1 + word.count > columns {
        lines.append(String(repeating: " ", count: indent))
      } else if !isFresh {
        lines[lines.count - 1] += " "
      }
      lines[lines.count - 1] += word
    }
    return lines
  }
}
