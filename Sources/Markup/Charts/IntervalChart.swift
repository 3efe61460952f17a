/// One estimate a row with its interval: a dot on a whisker, over an optional wider band.
///
/// Rows are drawn in the order given. A row without a value keeps its place and says why.
package struct IntervalChart: Chart {
  package struct Row: Sendable {
    package var label: String
    /// The estimate, in the chart's unit; nil when it is not shown.
    package var value: Double?
    /// The interval about the estimate, where one is known.
    package var interval: ClosedRange<Double>?
    /// A wider band behind the estimate, such as one from other weights.
    package var band: ClosedRange<Double>?
    /// What stands in place of a missing estimate.
    package var note: String

    package init(
      label: String, value: Double?, interval: ClosedRange<Double>? = nil, band: ClosedRange<Double>? = nil,
      note: String = ""
    ) {
      self.label = label
      self.value = value
      self.interval = interval
      self.band = band
      self.note = note
    }
  }

  package var title: String
  package var rows: [Row]
  /// The least the axis covers; nil lets the values decide.
  package var axis: ClosedRange<Double>?
  /// A value to compare with, drawn as a vertical line.
  package var reference: Double?
  package var referenceName: String
  package var valueName: String
  package var intervalName: String
  package var bandName: String
  /// Decimals of printed values, 0…2.
  package var decimals: Int

  package init(
    title: String, rows: [Row], axis: ClosedRange<Double>? = nil, reference: Double? = nil,
    referenceName: String = "", valueName: String, intervalName: String = "95 % interval", bandName: String = "",
    decimals: Int = 1
  ) {
    self.title = title
    self.rows = rows
    self.axis = axis
    self.reference = reference
    self.referenceName = referenceName
    self.valueName = valueName
    self.intervalName = intervalName
    self.bandName = bandName
    self.decimals = decimals
  }

  package var legend: Markup {
    tag("ul", .class("legend"), Attribute("aria-hidden", "true")) {
      tag("li") {
        tag("i", .class("key dot"))
        " " + valueName
      }
      if rows.contains(where: { $0.interval != nil }) {
        tag("li") {
          tag("i", .class("key whisker"))
          " " + intervalName
        }
      }
      if rows.contains(where: { $0.band != nil }) {
        tag("li") {
          tag("i", .class("key band"))
          " " + bandName
        }
      }
      if reference != nil, !referenceName.isEmpty {
        tag("li") {
          tag("i", .class("key reference"))
          " " + referenceName
        }
      }
    }
  }

  package func svg(id: String, layout: ChartLayout) -> Markup {
    let ticks = ticks(most: layout.mostTicks)
    let bottom = Double(rows.count) * layout.rowHeight + 6
    return Drawing.svg(id: id, layout: layout, height: bottom + 26, title: title, description: description) {
      Drawing.axis(ticks, layout: layout, bottom: bottom, unit: "")
      if let reference {
        let x = layout.x(reference, in: ticks.domain)
        Drawing.line("reference", x, 0, x, bottom)
      }
      for (index, row) in rows.enumerated() {
        draw(row, top: Double(index) * layout.rowHeight, ticks: ticks, layout: layout)
      }
    }
  }

  @MarkupBuilder
  private func draw(_ row: Row, top: Double, ticks: AxisTicks, layout: ChartLayout) -> [Markup] {
    let y = top + layout.barMiddle
    Drawing.label(row.label, layout: layout, top: top, muted: row.value == nil)
    if let value = row.value {
      if let band = row.band {
        let left = layout.x(band.lowerBound, in: ticks.domain)
        let right = layout.x(band.upperBound, in: ticks.domain)
        Drawing.rectangle("band", x: left, y: y - 6, width: right - left, height: 12, radius: 3)
      }
      if let interval = row.interval {
        let left = layout.x(interval.lowerBound, in: ticks.domain)
        let right = layout.x(interval.upperBound, in: ticks.domain)
        Drawing.line("whisker", left, y, right, y)
        Drawing.line("whisker", left, y - 4, left, y + 4)
        Drawing.line("whisker", right, y - 4, right, y + 4)
      }
      Drawing.circle("dot", x: layout.x(value, in: ticks.domain), y: y, radius: 5)
      Drawing.text("value", text(value), x: layout.width - 4, y: y + 4.5, anchor: "end")
    } else {
      Drawing.text("muted", row.note, x: layout.plotLeft + 6, y: y + 4.5)
    }
  }

  package var table: DataTable {
    let hasIntervals = rows.contains { $0.interval != nil }
    let hasBands = rows.contains { $0.band != nil }
    return DataTable(
      caption: title,
      header: ["Segment", valueName] + (hasIntervals ? [intervalName] : []) + (hasBands ? [bandName] : []),
      rows: rows.map { row in
        [Escaping.singleLine(row.label), row.value.map(text) ?? row.note]
          + (hasIntervals ? [text(row.interval)] : []) + (hasBands ? [text(row.band)] : [])
      })
  }

  private var description: String {
    let shown = rows.filter { $0.value != nil }
    guard let first = shown.first, let last = shown.last, let top = first.value, let end = last.value else {
      return "No segment has enough learners to be shown."
    }
    return """
      \(shown.count) of \(rows.count) segments, from \(Escaping.singleLine(first.label)) with \(text(top)) \
      to \(Escaping.singleLine(last.label)) with \(text(end)). The table below holds every number.
      """
  }

  private func text(_ value: Double) -> String {
    let domain = ticks(most: ChartLayout.wide.mostTicks).domain
    return Drawing.signed(value, decimals: decimals, domain: domain)
  }

  private func text(_ range: ClosedRange<Double>?) -> String {
    range.map { "\(text($0.lowerBound)) to \(text($0.upperBound))" } ?? "–"
  }

  private func ticks(most: Int) -> AxisTicks {
    let values = rows.flatMap { row in
      [row.value, row.interval?.lowerBound, row.interval?.upperBound, row.band?.lowerBound, row.band?.upperBound]
        .compactMap { $0 }
    }
    let all = values + [axis?.lowerBound, axis?.upperBound, reference].compactMap { $0 }
    return AxisTicks(covering: all.min() ?? 0, all.max() ?? 1, most: most)
  }
}
