import Markup
import PlainText

/// How a report prints its numbers. Released figures are rounded to whole points, so no decimals are shown.
enum ReportFormat {
  /// Ten-thousandths as points of a hundred.
  static func points(_ value: Int64) -> Double { Double(value) / 100 }

  /// Ten-thousandths as a share in 0…1.
  static func share(_ value: Int64) -> Double { Double(value) / 10_000 }

  /// Ten-thousandths as a whole number of points, with a sign on both sides of zero: `+4`, `−2`, `0`.
  static func signed(_ value: Int64) -> String { Decimal2.shown(points(value), decimals: 0, isSigned: true) }

  /// A count with thin spaces between groups of three digits.
  static func count(_ value: Int64) -> String { value.grouped(by: "\u{202F}") }

  /// `a`, `a and b`, `a, b and c`.
  static func list(_ items: [String]) -> String {
    guard let last = items.last, items.count > 1 else { return items.first ?? "" }
    return items.dropLast().joined(separator: ", ") + " and " + last
  }

  /// Milliseconds as seconds, with one decimal where it says something: `10 s`, `0.5 s`.
  static func seconds(_ milliseconds: Int64) -> String {
    let tenths = (milliseconds + 50) / 100
    return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
  }

  /// A singular or plural noun after its count.
  static func counted(_ count: Int, _ one: String, _ many: String) -> String { "\(count) \(count == 1 ? one : many)" }
}
