/// Finds what somebody probably meant to type.
package enum Suggestion {
  /// The candidate nearest to a word by edits (insert, delete, replace, swap neighbours), if near enough: at most one
  /// edit for every three characters, and three in all. Ties go to the first.
  package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let limit = min(3, max(1, word.count / 3))
    let rated = candidates.map { (distance(Array(word), Array($0)), $0) }
    return rated.filter { $0.0 <= limit }.min { $0.0 < $1.0 }?.1
  }

  private static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var row = [i + 1]
      for (j, b) in right.enumerated() {
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a == b ? 0 : 1))
        if i > 0, j > 0, a == right[j - 1], left[i - 1] == b { best = min(best, beforeLast[j - 1] + 1) }
        row.append(best)
      }
      (beforeLast, last) = (last, row)
    }
    return last[right.count]
  }
}
