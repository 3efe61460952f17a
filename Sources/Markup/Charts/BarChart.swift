/// One share of 0…1 a row as a plain bar from zero, with a threshold to compare with.
package struct BarChart: Chart {
  package var title: String
  package var valueName: String
  package var rows: [ChartRow<Double>]
  /// A share in 0…1 drawn as a line.
  package var threshold: (share: Double, name: String)?

  package init(
    title: String, valueName: String, rows: [ChartRow<Double>], threshold: (share: Double, name: String)? = nil
  ) {
    self.title = title
    self.valueName = valueName
    self.rows = rows
    self.threshold = threshold
  }

  package var legend: Markup {
    Drawing.legend(
      [Drawing.key("key bar", valueName)] + (threshold.map { [Drawing.key("key reference", $0.name)] } ?? []))
  }

  package func svg(id: String, layout: ChartLayout) -> Markup {
    let ticks = AxisTicks(covering: 0, 100, most: layout.mostTicks)
    return Drawing.rows(
      rows, ticks: ticks, unit: " %", id: id, layout: layout, title: title, description: description
    ) { share, y in
      let right = layout.x(share * 100, in: 0...100)
      Drawing.rectangle(
        "bar", x: layout.plotLeft, y: y - 6, width: right - layout.plotLeft, height: 12, radius: 2)
      Drawing.text(
        "value", Decimal2.fixed(share * 100, decimals: 0) + " %", x: layout.width - 4, y: y + 4.5, anchor: "end")
      if let threshold {
        let x = layout.x(threshold.share * 100, in: 0...100)
        Drawing.line("reference over", x, y - 10, x, y + 10)
      }
    }
  }

  package var table: Markup {
    Drawing.table(
      caption: title, header: ["Segment", valueName],
      rows: rows.map { row in
        [
          Escaping.singleLine(row.label),
          row.value.map { Decimal2.fixed($0 * 100, decimals: 1) + " %" } ?? row.note,
        ]
      })
  }

  private var description: String {
    let shares = rows.compactMap(\.value)
    guard let low = shares.min(), let high = shares.max() else {
      return "No segment has enough learners to be shown."
    }
    return """
      \(shares.count) of \(rows.count) segments, between \(Decimal2.fixed(low * 100, decimals: 0)) and \
      \(Decimal2.fixed(high * 100, decimals: 0)) per cent. The table below holds every number.
      """
  }
}
