/// A picture of some numbers that can also say them: in words, and as a table.
package protocol Chart: Sendable {
  /// The inline SVG in one layout. `id` is unique in the document and made of letters, digits and hyphens.
  func svg(id: String, layout: ChartLayout) -> Markup
  /// The key to marks and colours; empty if the chart needs none.
  var legend: Markup { get }
  /// The same numbers, as a table.
  var table: DataTable { get }
}

extension Chart {
  package var legend: Markup { .empty }

  /// The chart as a figure: drawing in both layouts, key, caption, and the numbers in a table that opens on demand.
  package func figure(id: String, caption: String) -> Markup {
    tag("figure", .id(id)) {
      legend
      svg(id: id, layout: .wide)
      svg(id: id, layout: .narrow)
      tag("figcaption", text: caption)
      tag("details") {
        tag("summary", text: "The numbers as a table")
        table.markup
      }
    }
  }
}

/// A table of text cells with a header row; the first column names the row.
package struct DataTable: Sendable {
  package var caption: String
  package var header: [String]
  package var rows: [[String]]

  package init(caption: String, header: [String], rows: [[String]]) {
    self.caption = caption
    self.header = header
    self.rows = rows
  }

  package var markup: Markup {
    tag("div", .class("scroll")) {
      tag("table") {
        tag("caption", text: caption)
        tag("thead") {
          tag("tr") { header.map { tag("th", Attribute("scope", "col"), text: $0) } }
        }
        tag("tbody") {
          for row in rows {
            tag("tr") {
              tag("th", Attribute("scope", "row"), text: row.first ?? "")
              row.dropFirst().map { tag("td", text: $0) }
            }
          }
        }
      }
    }
  }
}
