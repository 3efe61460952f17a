import Foundation
import FoundationXML
import Markup
import Testing

@Suite struct ChartTests {
  static func charts(rows: Int, label: (Int) -> String = { "Segment \($0)" }) -> [any Chart] {
    [intervals(rows, label), stacks(rows, label), bars(rows, label), timeline(rows, label)]
  }

  static func intervals(_ rows: Int, _ label: (Int) -> String) -> IntervalChart {
    let made = (0..<rows).map { row -> ChartRow<IntervalChart.Estimate> in
      let value = Double(row) - 2
      let estimate = IntervalChart.Estimate(value, interval: value - 1...value + 2, band: value - 2...value + 3)
      return ChartRow(label: label(row), value: row == 1 ? nil : estimate, note: "not shown")
    }
    return IntervalChart(
      title: "Interest", rows: made, reference: (0, "own mean"), valueName: "Interest", bandName: "band")
  }

  static func stacks(_ rows: Int, _ label: (Int) -> String) -> StackedBarChart {
    let shares = [0.3, 0.2, 0.2, 0.1, 0.15, 0.05]
    let made = (0..<rows).map { row -> ChartRow<[Double]> in
      .init(label: label(row), value: row == 1 ? nil : shares, note: "not shown")
    }
    return StackedBarChart(title: "Emotions", categories: ["a", "b", "c", "d", "e", "f"], rows: made)
  }

  static func bars(_ rows: Int, _ label: (Int) -> String) -> BarChart {
    let made = (0..<rows).map { row -> ChartRow<Double> in
      .init(label: label(row), value: row == 1 ? nil : 0.8, note: "not shown")
    }
    return BarChart(title: "Coverage", valueName: "Coverage", rows: made, threshold: (0.5, "needed"))
  }

  static func timeline(_ rows: Int, _ label: (Int) -> String) -> TimelineChart {
    var segments: [TimelineChart.Segment] = []
    for row in 0..<rows {
      let second: [Double]? = row == 1 ? nil : [60, 10, 5]
      segments.append(.init(number: "\(row + 1)", title: label(row), minutes: [[50, 20, 10], second, [70, 30, 0]]))
    }
    return TimelineChart(title: "Timeline", series: ["x", "y", "z"], segments: segments)
  }

  /// Well-formed as XML: every element closed, every attribute quoted.
  static func parse(_ markup: Markup) throws -> [Element] {
    let parser = XMLParser(data: Data(markup.rendered().utf8))
    let collector = Collector()
    parser.delegate = collector
    try #require(parser.parse(), "\(String(describing: parser.parserError))")
    return collector.elements
  }

  @Test(arguments: [1, 2, 6, 40])
  func everyChartIsWellFormedNamedAndSafe(_ rows: Int) throws {
    for chart in Self.charts(rows: rows, label: { "\($0) <script>&\" 'x'" }) {
      for layout in [ChartLayout.wide, .narrow] {
        let svg = chart.svg(id: "c", layout: layout)
        let elements = try Self.parse(svg)
        let root = try #require(elements.first)
        #expect(root.name == "svg" && root.attributes["role"] == "img")
        let named = try #require(root.attributes["aria-labelledby"]).split(separator: " ").map(String.init)
        #expect(named.allSatisfy { id in elements.contains { $0.attributes["id"] == id } })
        #expect(!elements.contains { $0.name == "script" || $0.attributes["style"] != nil })
      }
      let table = try Self.parse(chart.table)
      #expect(table.count { $0.name == "tr" } >= rows + 1)
    }
  }

  @Test(arguments: [1, 6, 17, 40])
  func labelsNeverOverlap(_ rows: Int) throws {
    let long = "A long title: the fundamental theorem of calculus and what it is good for"
    for chart in Self.charts(rows: rows, label: { "\($0 + 1) · \(long)" }) {
      for layout in [ChartLayout.wide, .narrow] {
        let texts = try Self.parse(chart.svg(id: "c", layout: layout)).filter { $0.name == "text" }
        let boxes = try texts.map(Box.init)
        for (index, box) in boxes.enumerated() {
          #expect(box.left >= -1 && box.right <= layout.width + 1, "\(box) leaves the drawing")
          for other in boxes[(index + 1)...] { #expect(!box.touches(other), "\(box) touches \(other)") }
        }
      }
    }
  }

  @Test func aLongTitleIsCutAndKeptWhole() {
    let title = String(repeating: "Lecture ", count: 30)
    let svg = BarChart(title: "t", valueName: "v", rows: [.init(label: title, value: 1)])
      .svg(id: "c", layout: .wide).rendered()
    #expect(svg.contains("…</text>"))
    #expect(svg.contains("<title>\(title.dropLast())</title>"))
  }

  @Test func aFigureHasKeyBothDrawingsCaptionAndTable() {
    for chart in Self.charts(rows: 3) {
      let figure = chart.figure(id: "f", caption: "What it shows").rendered()
      for part in [
        "class=\"legend\"", "class=\"chart wide\"", "class=\"chart narrow\"", "<figcaption>What it shows", "<summary>",
        "<th scope=\"col\">", "<th scope=\"row\">",
      ] { #expect(figure.contains(part), "\(part)") }
    }
  }

  @Test func positionsFollowValues() throws {
    let chart = IntervalChart(
      title: "t",
      rows: [
        .init(label: "a", value: .init(25, interval: 20...30)), .init(label: "b", value: .init(75, interval: 70...80)),
      ], axis: 0...100, valueName: "v")
    let dots = try Self.parse(chart.svg(id: "c", layout: .wide)).filter { $0.name == "circle" }
      .compactMap { $0.attributes["cx"].flatMap(Double.init) }
    // The wide plot runs from 300 to 808 pixels.
    #expect(dots == [427, 681])
  }

  @Test func emptyChartsStillDraw() throws {
    for chart in Self.charts(rows: 0) { _ = try Self.parse(chart.figure(id: "f", caption: "c")) }
  }
}

struct Element {
  var name: String
  var attributes: [String: String]
  var text = ""
}

/// Where a label is drawn, by the same estimate of its width that the charts use.
struct Box: CustomStringConvertible {
  var description: String { "“\(text)” \(left)…\(right) at \(baseline)" }
  let text: String
  let left: Double
  let right: Double
  let baseline: Double

  init(_ element: Element) throws {
    text = element.text
    let x = try #require(element.attributes["x"].flatMap(Double.init))
    baseline = try #require(element.attributes["y"].flatMap(Double.init))
    let size = element.attributes["class"] == "tick" ? 12.0 : element.attributes["class"] == "on" ? 11.5 : 13
    let width = TextFit.width(text, fontSize: size)
    left =
      x
      - (element.attributes["text-anchor"] == "middle"
        ? width / 2 : element.attributes["text-anchor"] == "end" ? width : 0)
    right = left + width
  }

  func touches(_ other: Box) -> Bool {
    abs(baseline - other.baseline) < 11 && left < other.right && other.left < right
  }
}

final class Collector: NSObject, XMLParserDelegate {
  var elements: [Element] = []
  private var open: [Int] = []

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    open.append(elements.count)
    elements.append(Element(name: name, attributes: attributes))
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    if let index = open.last { elements[index].text += text }
  }

  func parser(_ parser: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?) {
    open.removeLast()
  }
}
