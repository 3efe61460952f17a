/// A picture of some numbers that can also say them: in words, and as a table.
package protocol Chart: Sendable {
  /// The inline SVG in one layout. `id` is unique in the document and made of letters, digits and hyphens.
  func svg(id: String, layout: ChartLayout) -> Markup
  /// The key to marks and colours.
  var legend: Markup { get }
  /// The same numbers, as a table.
  var table: Markup { get }
}

extension Chart {
  /// The chart as a figure: drawing in both layouts, key, caption, and the numbers in a table that opens on demand.
  package func figure(id: String, caption: String) -> Markup {
    tag("figure", .id(id)) {
      legend
      svg(id: id, layout: .wide)
      svg(id: id, layout: .narrow)
      tag("figcaption", text: caption)
      tag("details") {
        tag("summary", text: "The numbers as a table")
        table
      }
    }
  }
}
