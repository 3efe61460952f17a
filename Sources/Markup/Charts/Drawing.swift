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
  static func label(_ text: String, layout: ChartLayout, top: Double, muted: Bool = false) -> Markup {
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
  static func axis(_ ticks: AxisTicks, layout: ChartLayout, bottom: Double, unit: String) -> [Markup] {
    var drawn: [Markup] = []
    var lastEnd = -Double.infinity
    for position in ticks.positions {
      let x = layout.x(position, in: ticks.domain)
      let text = signed(position, decimals: ticks.decimals, domain: ticks.domain) + unit
      let half = TextFit.width(text, fontSize: 12) / 2
      drawn.append(line("grid", x, 0, x, bottom))
      let middle = max(half + 1, x)
      guard middle - half > lastEnd + 6 else { continue }
      lastEnd = middle + half
      drawn.append(Drawing.text("tick", text, x: middle, y: bottom + 17, anchor: "middle"))
    }
    return drawn
  }

  /// A number with a true minus sign, and a plus sign where the axis has two sides.
  static func signed(_ value: Double, decimals: Int, domain: ClosedRange<Double>) -> String {
    let text = Decimal2.fixed(value, decimals: decimals)
    if text.hasPrefix("-") { return "−" + text.dropFirst() }
    let isZero = !text.contains { ("1"..."9").contains($0) }
    return domain.lowerBound < 0 && !isZero ? "+" + text : text
  }
}
