extension BinaryInteger {
  /// Its digits in groups of three: `1,234,567`.
  package func grouped(by separator: String = ",") -> String {
    var digits = String(magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (self < 0 ? "-" : "") + ([digits] + groups).joined(separator: separator)
  }
}
