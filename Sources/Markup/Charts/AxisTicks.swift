/// Round positions for the ticks of a linear axis.
package struct AxisTicks: Sendable, Equatable {
  /// The axis from its first tick to its last; contains every value it was made for.
  package let domain: ClosedRange<Double>
  /// Tick positions in ascending order, at steps of 1, 2 or 5 times a power of ten.
  package let positions: [Double]
  /// Decimals that tell neighbouring ticks apart.
  package let decimals: Int

  /// Ticks that cover `low...high` with at most `most` (≥ 2) intervals. An empty range is widened about its value.
  package init(covering low: Double, _ high: Double, most: Int) {
    var (low, high) = low <= high ? (low, high) : (high, low)
    if high - low < 1e-9 { (low, high) = (low - 0.5, high + 0.5) }
    let most = max(2, most)
    var exponent = -9
    var power = 1e-9
    search: while true {
      for factor in [1.0, 2, 5] {
        let step = factor * power
        let first = (low / step + 1e-9).rounded(.down)
        let last = (high / step - 1e-9).rounded(.up)
        if last - first <= Double(most) {
          positions = stride(from: first, through: last, by: 1).map { $0 * step }
          domain = first * step...last * step
          decimals = max(0, -exponent)
          break search
        }
      }
      exponent += 1
      power *= 10
    }
  }
}
