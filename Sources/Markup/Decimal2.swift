/// Numbers for documents: no locale, no exponent, a fixed number of decimals, the same on every machine.
package enum Decimal2 {
  /// `value` with at most two decimals and no trailing zeros, half away from zero; what is not finite is `0`.
  package static func string(_ value: Double) -> String {
    let text = fixed(value, decimals: 2)
    guard text.contains(".") else { return text }
    var end = text.endIndex
    while text[text.index(before: end)] == "0" { end = text.index(before: end) }
    if text[text.index(before: end)] == "." { end = text.index(before: end) }
    return String(text[..<end])
  }

  /// `value` with exactly `decimals` (0…6) decimals, half away from zero. Zero never carries a sign.
  package static func fixed(_ value: Double, decimals: Int) -> String {
    var scale: Int64 = 1
    for _ in 0..<max(0, min(6, decimals)) { scale *= 10 }
    // The bound keeps the conversion below in range; no coordinate or percentage comes near it.
    let bounded = value.isFinite ? max(-1e12, min(1e12, value)) : 0
    let scaled = Int64((bounded * Double(scale)).rounded(.toNearestOrAwayFromZero))
    let magnitude = scaled.magnitude
    let sign = scaled < 0 ? "-" : ""
    guard scale > 1 else { return "\(sign)\(magnitude)" }
    let fraction = String(magnitude % UInt64(scale))
    let zeros = String(repeating: "0", count: decimals - fraction.count)
    return "\(sign)\(magnitude / UInt64(scale)).\(zeros)\(fraction)"
  }

  /// `fixed` for a reader: with a true minus sign and, if signed, a plus sign above zero.
  package static func shown(_ value: Double, decimals: Int, isSigned: Bool) -> String {
    let text = fixed(value, decimals: decimals)
    if text.hasPrefix("-") { return "−" + text.dropFirst() }
    let isZero = !text.contains { ("1"..."9").contains($0) }
    return isSigned && !isZero ? "+" + text : text
  }
}
