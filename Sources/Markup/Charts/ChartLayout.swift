/// The two shapes in which every chart is drawn; the page's stylesheet shows the one that fits the screen.
///
/// A drawing scaled down to a telephone would be illegible, and a page without scripts cannot draw anew, so both are
/// in the document and `display: none` hides one of them from sight and from assistive technology alike.
package struct ChartLayout: Sendable {
  /// Width of the drawing in pixels at scale 1.
  package let width: Double
  /// Whether a row's label stands left of its bar, or on a line of its own above it.
  package let labelsBeside: Bool
  /// Distinguishes the ids of the two drawings.
  package let suffix: String
  package let className: StaticString

  package static let wide = ChartLayout(width: 880, labelsBeside: true, suffix: "w", className: "chart wide")
  package static let narrow = ChartLayout(width: 360, labelsBeside: false, suffix: "n", className: "chart narrow")

  /// Left end of the plot in pixels.
  var plotLeft: Double { labelsBeside ? 300 : 4 }
  /// Right end of the plot; beyond it stands the row's value.
  var plotRight: Double { width - (labelsBeside ? 72 : 54) }
  /// Room for a row's label in pixels.
  var labelWidth: Double { labelsBeside ? plotLeft - 24 : width - 8 }
  /// Height of one row in pixels.
  var rowHeight: Double { labelsBeside ? 30 : 52 }
  /// Distance from a row's top to the middle of its bar in pixels.
  var barMiddle: Double { labelsBeside ? 15 : 33 }
  /// Baseline of a row's label below the row's top in pixels.
  var labelBaseline: Double { labelsBeside ? 19.5 : 15 }
  /// Most intervals between ticks that stay readable.
  var mostTicks: Int { labelsBeside ? 8 : 4 }
  static let fontSize = 13.0

  /// The position of `value` on the plot's horizontal axis, kept inside the plot.
  func x(_ value: Double, in domain: ClosedRange<Double>) -> Double {
    let share = (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound)
    return plotLeft + max(0, min(1, share)) * (plotRight - plotLeft)
  }
}
