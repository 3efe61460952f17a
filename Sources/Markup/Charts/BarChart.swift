/// One share a row as a plain bar from zero, with a threshold to compare with.
package struct BarChart: Chart {
  package struct Row: Sendable {
    package var label: String
    /// A share in 0…1; nil when it is not shown.
    package var share: Double?
    package var note: String

    package init(label: String, share: Double?, note: String = "") {
      self.label = label
      self.share = share
      self.note = note
    }
  }

  package var title: String
  package var valueName: String
  package var rows: [Row]
  /// A share in 0…1 drawn as a line.
  package var threshold: Double?
  package var thresholdName: String

  package init(
    title: String, valueName: String, rows: [Row], threshold: Double? = nil, thresholdName: String = ""
  ) {
    self.title = title
    self.valueName = valueName
    self.rows = rows
    self.threshold = threshold
    self.thresholdName = thresholdName
  }

  package var legend: Markup {
    tag("ul", .class("legend"), Attribute("aria-hidden", "true")) {
      tag("li") {
        tag("i", .class("key bar"))
        " " + valueName
      }
      if threshold != nil {
        tag("li") {
          tag("i", .class("key reference"))
          " " + thresholdName
        }
      }
    }
  }

  package func svg(id: String, layout: ChartLayout) -> Markup {
    let ticks = AxisTicks(covering: 0, 100, most: layout.mostTicks)
    let bottom = Double(rows.count) * layout.rowHeight + 6
    return Drawing.svg(id: id, layout: layout, height: bottom + 26, title: title, description: description) {
      Drawing.axis(ticks, layout: layout, bottom: bottom, unit: " %")
      for (index, row) in rows.enumerated() {
        draw(row, top: Double(index) * layout.rowHeight, layout: layout)
      }
    }
  }

  @MarkupBuilder
  private func draw(_ row: Row, top: Double, layout: ChartLayout) -> [Markup] {
    let y = top + layout.barMiddle
    Drawing.label(row.label, layout: layout, top: top, muted: row.share == nil)
    if let share = row.share {
      let right = layout.x(share * 100, in: 0...100)
      Drawing.rectangle(
        "bar", x: layout.plotLeft, y: y - 6, width: right - layout.plotLeft, height: 12, radius: 2)
      Drawing.text(
        "value", Decimal2.fixed(share * 100, decimals: 0) + " %", x: layout.width - 4, y: y + 4.5, anchor: "end")
      if let threshold {
        let x = layout.x(threshold * 100, in: 0...100)
        Drawing.line("reference over", x, y - 10, x, y + 10)
      }
    } else {
      Drawing.text("muted", row.note, x: layout.plotLeft + 6, y: y + 4.5)
    }
  }

  package var table: DataTable {
    DataTable(
      caption: title, header: ["Segment", valueName],
      rows: rows.map { row in
        [
          Escaping.singleLine(row.label),
          row.share.map { Decimal2.fixed($0 * 100, decimals: 1) + " %" } ?? row.note,
        ]
      })
  }

  private var description: String {
    let shares = rows.compactMap(\.share)
    guard let low = shares.min(), let high = shares.max() else {
      return "No segment has enough learners to be shown."
    }
    return """
      \(shares.count) of \(rows.count) segments, between \(Decimal2.fixed(low * 100, decimals: 0)) and \
      \(Decimal2.fixed(high * 100, decimals: 0)) per cent. The table below holds every number.
      """
  }
}
