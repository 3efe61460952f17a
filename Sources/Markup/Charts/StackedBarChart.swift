/// Shares of a whole, one bar a row, in the same order in every row.
///
/// Parts are told apart by order, by a gap between them, by a printed percentage where it fits and by hatching on two
/// of the colours, never by colour alone.
package struct StackedBarChart: Chart {
  package var title: String
  /// At most as many names as `Theme.parts`.
  package var categories: [String]
  /// Shares in the order of the categories, in 0…1.
  package var rows: [ChartRow<[Double]>]

  package init(title: String, categories: [String], rows: [ChartRow<[Double]>]) {
    precondition(categories.count <= Theme.parts.count, "a stacked bar has \(Theme.parts.count) colours")
    self.title = title
    self.categories = categories
    self.rows = rows
  }

  package var legend: Markup {
    Drawing.legend(
      categories.enumerated().map { index, name in
        let swatch = tag("svg", .class("swatch"), Attribute("viewBox", "0 0 14 14")) {
          Drawing.rectangle(Theme.parts[index].fill, x: 0, y: 0, width: 14, height: 14, radius: 2)
          if let hatch = Self.hatch(of: index, x: 0, y: 0, width: 14, height: 14) { hatch }
        }
        return (swatch, name)
      })
  }

  package func svg(id: String, layout: ChartLayout) -> Markup {
    let ticks = AxisTicks(covering: 0, 100, most: layout.mostTicks)
    return Drawing.rows(
      rows, ticks: ticks, unit: " %", id: id, layout: layout, title: title, description: description
    ) { shares, y in bar(shares, top: y - 10, layout: layout) }
  }

  private func bar(_ shares: [Double], top: Double, layout: ChartLayout) -> [Markup] {
    var drawn: [Markup] = []
    // Rounded shares need not add up to one; the bar is drawn full all the same, and printed as they are.
    let total = max(shares.reduce(0, +), 1e-9)
    var start = 0.0
    for (index, share) in zip(categories.indices, shares) where share > 0 {
      let left = layout.x(start * 100, in: 0...100)
      start += share / total
      let width = layout.x(start * 100, in: 0...100) - left
      let percent = Decimal2.fixed(share * 100, decimals: 0)
      drawn.append(
        tag("g") {
          tag("title", text: "\(categories[index]): \(percent) %")
          Drawing.rectangle(Theme.parts[index].fill, x: left, y: top, width: width - 1, height: 20)
          if let hatch = Self.hatch(of: index, x: left, y: top, width: width - 1, height: 20) { hatch }
          if width >= TextFit.width(percent, fontSize: 11.5) + 8 {
            Drawing.text(Theme.parts[index].number, percent, x: left + (width - 1) / 2, y: top + 14, anchor: "middle")
          }
        })
    }
    return drawn
  }

  package var table: Markup {
    Drawing.table(
      caption: title, header: ["Segment"] + categories,
      rows: rows.map { row in
        [Escaping.singleLine(row.label)]
          + (row.value?.map { Decimal2.fixed($0 * 100, decimals: 1) + " %" } ?? categories.map { _ in row.note })
      })
  }

  private var description: String {
    let shown = rows.count { $0.value != nil }
    return """
      For each of \(shown) of \(rows.count) segments, the shares of \(categories.joined(separator: ", ")), \
      in this order. The table below holds every number.
      """
  }

  /// Diagonal strokes over the second and the fifth part, so that grey and light blue differ from their neighbours in
  /// print without colours too. Strokes and not a `<pattern>`: patterns need ids, and those must be unique in a page.
  private static func hatch(of index: Int, x: Double, y: Double, width: Double, height: Double) -> Markup? {
    guard index == 1 || index == 4, width > 3 else { return nil }
    var path = ""
    var offset = 4.0
    while offset < width + height {
      let from = (x + min(offset, width), y + max(0, offset - width))
      let to = (x + max(0, offset - height), y + min(offset, height))
      // The fifth part leans the other way.
      let (left, right) = index == 1 ? (from, to) : ((2 * x + width - from.0, from.1), (2 * x + width - to.0, to.1))
      path +=
        "M\(Decimal2.string(left.0)) \(Decimal2.string(left.1))L\(Decimal2.string(right.0)) \(Decimal2.string(right.1))"
      offset += 6
    }
    return tag("path", .class("hatch"), Attribute("d", path))
  }
}
