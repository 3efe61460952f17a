/// One estimate a row with its interval: a dot on a whisker, over an optional wider band.
package struct IntervalChart: Chart {
  /// An estimate in the chart's unit.
  package struct Estimate: Sendable {
    package var value: Double
    /// The interval about it.
    package var interval: ClosedRange<Double>
    /// A wider band behind it, such as one from other weights.
    package var band: ClosedRange<Double>?

    package init(_ value: Double, interval: ClosedRange<Double>, band: ClosedRange<Double>? = nil) {
      self.value = value
      self.interval = interval
      self.band = band
    }
  }

  package var title: String
  package var rows: [ChartRow<Estimate>]
  /// The least the axis covers; nil lets the values decide.
  package var axis: ClosedRange<Double>?
  /// A value to compare with, drawn as a vertical line.
  package var reference: (value: Double, name: String)?
  package var valueName: String
  package var bandName: String

  package init(
    title: String, rows: [ChartRow<Estimate>], axis: ClosedRange<Double>? = nil,
    reference: (value: Double, name: String)? = nil, valueName: String, bandName: String = ""
  ) {
    self.title = title
    self.rows = rows
    self.axis = axis
    self.reference = reference
    self.valueName = valueName
    self.bandName = bandName
  }

  private static let intervalName = "95 % interval"
  private var hasIntervals: Bool { rows.contains { $0.value != nil } }
  private var hasBands: Bool { rows.contains { $0.value?.band != nil } }

  package var legend: Markup {
    var keys = [Drawing.key("key dot", valueName)]
    if hasIntervals { keys.append(Drawing.key("key whisker", Self.intervalName)) }
    if hasBands { keys.append(Drawing.key("key band", bandName)) }
    if let reference { keys.append(Drawing.key("key reference", reference.name)) }
    return Drawing.legend(keys)
  }

  package func svg(id: String, layout: ChartLayout) -> Markup {
    let ticks = ticks(most: layout.mostTicks)
    func x(_ value: Double) -> Double { layout.x(value, in: ticks.domain) }
    return Drawing.rows(
      rows, ticks: ticks, unit: "", id: id, layout: layout, title: title, description: description,
      reference: reference?.value
    ) { estimate, y in
      if let band = estimate.band {
        let left = x(band.lowerBound)
        Drawing.rectangle("band", x: left, y: y - 6, width: x(band.upperBound) - left, height: 12, radius: 3)
      }
      let (left, right) = (x(estimate.interval.lowerBound), x(estimate.interval.upperBound))
      Drawing.line("whisker", left, y, right, y)
      Drawing.line("whisker", left, y - 4, left, y + 4)
      Drawing.line("whisker", right, y - 4, right, y + 4)
      Drawing.circle("dot", x: x(estimate.value), y: y, radius: 5)
      Drawing.text("value", text(estimate.value), x: layout.width - 4, y: y + 4.5, anchor: "end")
    }
  }

  package var table: Markup {
    Drawing.table(
      caption: title,
      header: ["Segment", valueName] + (hasIntervals ? [Self.intervalName] : []) + (hasBands ? [bandName] : []),
      rows: rows.map { row in
        [Escaping.singleLine(row.label), row.value.map { text($0.value) } ?? row.note]
          + (hasIntervals ? [text(row.value?.interval)] : []) + (hasBands ? [text(row.value?.band)] : [])
      })
  }

  private var description: String {
    let shown = rows.filter { $0.value != nil }
    guard let first = shown.first, let last = shown.last, let top = first.value, let end = last.value else {
      return "No segment has enough learners to be shown."
    }
    return """
      \(shown.count) of \(rows.count) segments, from \(Escaping.singleLine(first.label)) with \(text(top.value)) \
      to \(Escaping.singleLine(last.label)) with \(text(end.value)). The table below holds every number.
      """
  }

  private func text(_ value: Double) -> String {
    Decimal2.shown(value, decimals: 0, isSigned: ticks(most: ChartLayout.wide.mostTicks).domain.lowerBound < 0)
  }

  private func text(_ range: ClosedRange<Double>?) -> String {
    range.map { "\(text($0.lowerBound)) to \(text($0.upperBound))" } ?? "–"
  }

  private func ticks(most: Int) -> AxisTicks {
    let estimates = rows.compactMap(\.value)
    let ranges = estimates.map(\.interval) + estimates.compactMap(\.band) + (axis.map { [$0] } ?? [])
    let values =
      estimates.map(\.value) + ranges.flatMap { [$0.lowerBound, $0.upperBound] } + (reference.map { [$0.value] } ?? [])
    return AxisTicks(covering: values.min() ?? 0, values.max() ?? 1, most: most)
  }
}
