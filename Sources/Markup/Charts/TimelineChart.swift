/// Values of 0…100 by minute through a course, segment after segment.
///
/// Every segment takes room in proportion to its minutes. A line runs through the minutes that are shown and breaks
/// where one is missing; between segments it is drawn faintly. Series differ by marker and dash as well as by colour.
package struct TimelineChart: Chart {
  package struct Segment: Sendable {
    /// Short name under the axis, such as its number.
    package var number: String
    package var title: String
    /// One entry a minute from the segment's start: a value for each series, or nil where the minute is not shown.
    package var minutes: [[Double]?]

    package init(number: String, title: String, minutes: [[Double]?]) {
      self.number = number
      self.title = title
      self.minutes = minutes
    }
  }

  package var title: String
  /// One to three names.
  package var series: [String]
  package var segments: [Segment]

  package init(title: String, series: [String], segments: [Segment]) {
    precondition(series.count <= Self.lineClasses.count, "a timeline has three kinds of line")
    self.title = title
    self.series = series
    self.segments = segments
  }

  package var legend: Markup {
    Drawing.legend(
      series.enumerated().map { index, name in
        let swatch = tag("svg", .class("swatch long"), Attribute("viewBox", "0 0 28 14")) {
          Drawing.line(Self.lineClasses[index], 0, 7, 28, 7)
          marker(index, x: 14, y: 7)
        }
        return (swatch, name)
      })
  }

  package func svg(id: String, layout: ChartLayout) -> Markup {
    let frame = Frame(chart: self, layout: layout)
    return Drawing.svg(id: id, layout: layout, height: frame.bottom + 40, title: title, description: description) {
      for position in frame.ticks.positions {
        Drawing.line("grid", frame.left, frame.y(position), frame.right, frame.y(position))
        Drawing.text(
          "tick", Decimal2.fixed(position, decimals: frame.ticks.decimals), x: frame.left - 8,
          y: frame.y(position) + 4, anchor: "end")
      }
      segmentMarks(frame)
      for index in series.indices { curve(index, frame) }
      Drawing.text(
        "tick", "segment", x: (frame.left + frame.right) / 2, y: frame.bottom + 36, anchor: "middle")
    }
  }

  /// Boundaries and numbers of the segments, thinned until no two numbers touch.
  private func segmentMarks(_ frame: Frame) -> [Markup] {
    var drawn: [Markup] = []
    var lastEnd = -Double.infinity
    for (index, segment) in segments.enumerated() {
      let (start, end) = (frame.starts[index], frame.starts[index + 1])
      if index > 0 { drawn.append(Drawing.line("divide", start, frame.top, start, frame.bottom)) }
      let half = TextFit.width(segment.number, fontSize: 12) / 2
      let middle = (start + end) / 2
      guard middle - half > lastEnd + 4 else { continue }
      lastEnd = middle + half
      drawn.append(
        tag(
          "text", .class("tick"), Attribute("x", middle), Attribute("y", frame.bottom + 18),
          Attribute("text-anchor", "middle")
        ) {
          tag("title", text: Escaping.singleLine(segment.title))
          segment.number
        })
    }
    return drawn
  }

  private func curve(_ series: Int, _ frame: Frame) -> [Markup] {
    var strokes: [Markup] = []
    var markers: [Markup] = []
    var previous: (x: Double, y: Double, segment: Int)?
    for (index, segment) in segments.enumerated() {
      if segment.minutes.isEmpty { previous = nil }
      for (minute, values) in segment.minutes.enumerated() {
        guard let values, values.indices.contains(series) else {
          previous = nil
          continue
        }
        let point = (x: frame.x(segment: index, minute: minute), y: frame.y(values[series]))
        if let previous {
          let name = previous.segment == index ? Self.lineClasses[series] : Self.faintClasses[series]
          strokes.append(Drawing.line(name, previous.x, previous.y, point.x, point.y))
        }
        if frame.minuteWidth >= 7 { markers.append(marker(series, x: point.x, y: point.y)) }
        previous = (point.x, point.y, index)
      }
    }
    return strokes + markers
  }

  private func marker(_ series: Int, x: Double, y: Double) -> Markup {
    switch series {
    case 0: Drawing.circle("mark0", x: x, y: y, radius: 3.5)
    case 1: Drawing.rectangle("mark1", x: x - 3.2, y: y - 3.2, width: 6.4, height: 6.4)
    default:
      tag(
        "path", .class("mark2"),
        Attribute("d", "M\(Decimal2.string(x)) \(Decimal2.string(y - 4.2))l4.2 7.4h-8.4z"))
    }
  }

  package var table: Markup {
    Drawing.table(
      caption: title, header: ["Segment and minute"] + series,
      rows: segments.flatMap { segment in
        segment.minutes.enumerated().map { minute, values in
          ["\(Escaping.singleLine(segment.title)), minute \(minute + 1)"]
            + (values?.map { Decimal2.fixed($0, decimals: 1) } ?? series.map { _ in "not shown" })
        }
      })
  }

  private var description: String {
    let all = segments.reduce(0) { $0 + $1.minutes.count }
    let shown = segments.reduce(0) { $0 + $1.minutes.count { $0 != nil } }
    return """
      \(series.joined(separator: ", ")) by minute; \(shown) of \(all) minutes in \(segments.count) segments are \
      shown. The table below holds every number.
      """
  }

  private static let lineClasses: [StaticString] = ["line0", "line1", "line2"]
  private static let faintClasses: [StaticString] = ["line0 faint", "line1 faint", "line2 faint"]

  /// Where things stand in one drawing.
  private struct Frame {
    let left: Double
    let right: Double
    let top = 8.0
    let bottom: Double
    let ticks: AxisTicks
    /// Left end of each segment and, last, the right end of the last one.
    let starts: [Double]
    let minuteWidth: Double

    init(chart: TimelineChart, layout: ChartLayout) {
      left = 46
      right = layout.width - 8
      bottom = layout.labelsBeside ? 248 : 208
      ticks = AxisTicks(covering: 0, 100, most: 5)
      let counts = chart.segments.map { Double(max(1, $0.minutes.count)) }
      minuteWidth = (right - left) / max(1, counts.reduce(0, +))
      var starts = [left]
      for count in counts { starts.append((starts.last ?? left) + count * minuteWidth) }
      self.starts = starts
    }

    func x(segment: Int, minute: Int) -> Double { starts[segment] + (Double(minute) + 0.5) * minuteWidth }

    func y(_ value: Double) -> Double {
      let share = (value - ticks.domain.lowerBound) / (ticks.domain.upperBound - ticks.domain.lowerBound)
      return bottom - max(0, min(1, share)) * (bottom - top)
    }
  }
}
