/// The parts every chart is drawn from.
enum Drawing {
  /// An `<svg>` that a screen reader announces as one picture with a name and a description.
  static func svg(
    id: String, layout: ChartLayout, height: Double, title: String, description: String,
    @MarkupBuilder content: () -> [Markup]
  ) -> Markup {
    let prefix = "\(id)-\(layout.suffix)"
    let size = "0 0 \(Decimal2.string(layout.width)) \(Decimal2.string(height))"
    return .element(
      "svg",
      [
        .class(layout.className), Attribute("viewBox", size), Attribute("role", "img"),
        Attribute("aria-labelledby", "\(prefix)-title \(prefix)-desc"),
      ],
      [
        tag("title", .id("\(prefix)-title"), text: title),
        tag("desc", .id("\(prefix)-desc"), text: description),
      ] + content())
  }

  /// The key to a chart's marks, which says nothing that the drawing's description does not.
  static func legend(_ keys: [(mark: Markup, name: String)]) -> Markup {
    tag("ul", .class("legend"), Attribute("aria-hidden", "true")) {
      for key in keys {
        tag("li") {
          key.mark
          " " + key.name
        }
      }
    }
  }

  /// A mark that the stylesheet draws, and its name.
  static func key(_ className: StaticString, _ name: String) -> (mark: Markup, name: String) {
    (tag("i", .class(className)), name)
  }

  /// A chart of rows over a horizontal axis: the label of each, and its mark or its note.
  ///
  /// - Parameters:
  ///   - reference: a value of the axis where a line runs behind the rows.
  ///   - mark: draws a value about the middle of its row, in pixels from the top.
  static func rows<Value>(
    _ rows: [ChartRow<Value>], ticks: AxisTicks, unit: String, id: String, layout: ChartLayout, title: String,
    description: String, reference: Double? = nil,
    @MarkupBuilder mark: (_ value: Value, _ middle: Double) -> [Markup]
  ) -> Markup {
    let bottom = Double(rows.count) * layout.rowHeight + 6
    return svg(id: id, layout: layout, height: bottom + 26, title: title, description: description) {
      axis(ticks, layout: layout, bottom: bottom, unit: unit)
      if let reference {
        let x = layout.x(reference, in: ticks.domain)
        line("reference", x, 0, x, bottom)
      }
      for (index, row) in rows.enumerated() {
        let top = Double(index) * layout.rowHeight
        label(row.label, layout: layout, top: top, muted: row.value == nil)
        if let value = row.value {
          mark(value, top + layout.barMiddle)
        } else {
          text("muted", row.note, x: layout.plotLeft + 6, y: top + layout.barMiddle + 4.5)
        }
      }
    }
  }

  /// A table of text cells with a header row; the first column names the row.
  static func table(caption: String, header: [String], rows: [[String]]) -> Markup {
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

  static func line(_ name: StaticString, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> Markup {
    tag(
      "line", .class(name), Attribute("x1", x1), Attribute("y1", y1), Attribute("x2", x2), Attribute("y2", y2))
  }

  static func rectangle(
    _ name: StaticString, x: Double, y: Double, width: Double, height: Double, radius: Double = 0
  ) -> Markup {
    tag(
      "rect", .class(name), Attribute("x", x), Attribute("y", y), Attribute("width", max(0, width)),
      Attribute("height", height), Attribute("rx", radius))
  }

  static func circle(_ name: StaticString, x: Double, y: Double, radius: Double) -> Markup {
    tag("circle", .class(name), Attribute("cx", x), Attribute("cy", y), Attribute("r", radius))
  }

  static func text(
    _ name: StaticString, _ text: String, x: Double, y: Double, anchor: StaticString = "start"
  ) -> Markup {
    tag(
      "text", .class(name), Attribute("x", x), Attribute("y", y), Attribute("text-anchor", anchor.description),
      text: text)
  }

  /// A row's label, cut to the room it has; the full text stays available as the element's title.
  private static func label(_ text: String, layout: ChartLayout, top: Double, muted: Bool) -> Markup {
    let line = Escaping.singleLine(text)
    let shown = TextFit.truncated(line, width: layout.labelWidth, fontSize: ChartLayout.fontSize)
    return tag(
      "text", muted ? .class("label muted") : .class("label"), Attribute("x", layout.labelsBeside ? 2 : 4),
      Attribute("y", top + layout.labelBaseline)
    ) {
      if shown != line { tag("title", text: line) }
      shown
    }
  }

  /// The vertical grid lines of a horizontal axis with their numbers below, thinned until no two touch.
  private static func axis(_ ticks: AxisTicks, layout: ChartLayout, bottom: Double, unit: String) -> [Markup] {
    var drawn: [Markup] = []
    var lastEnd = -Double.infinity
    for position in ticks.positions {
      let x = layout.x(position, in: ticks.domain)
      let text = Decimal2.shown(position, decimals: ticks.decimals, isSigned: ticks.domain.lowerBound < 0) + unit
      let half = TextFit.width(text, fontSize: 12) / 2
      drawn.append(line("grid", x, 0, x, bottom))
      let middle = max(half + 1, x)
      guard middle - half > lastEnd + 6 else { continue }
      lastEnd = middle + half
      drawn.append(Drawing.text("tick", text, x: middle, y: bottom + 17, anchor: "middle"))
    }
    return drawn
  }
}
