import Foundation
import FoundationXML
import Testing

/// The elements of an HTML page that is well-formed but for its void elements.
struct Outline {
  struct Element {
    var name: String
    var attributes: [String: String]
    var text = ""
  }

  private(set) var elements: [Element] = []

  init(_ html: String) throws {
    var text = html.replacing("<!DOCTYPE html>", with: "")
    for name in ["meta", "link"] {
      text = try text.replacing(Regex("<\(name)([^>]*)>"), maxReplacements: .max) {
        "<\(name)\($0.output[1].substring ?? "")/>"
      }
    }
    let parser = XMLParser(data: Data(text.utf8))
    let collector = Collector()
    parser.delegate = collector
    try #require(parser.parse(), "not well-formed: \(String(describing: parser.parserError))")
    elements = collector.elements
  }

  var headings: [String] {
    elements.filter { ["h1", "h2", "h3"].contains($0.name) }.map { "\($0.name) \($0.text)" }
  }

  func ids(of name: String) -> [String] { elements.filter { $0.name == name }.compactMap { $0.attributes["id"] } }

  func count(_ name: String, class className: String? = nil) -> Int {
    elements.count { $0.name == name && (className == nil || $0.attributes["class"] == className) }
  }

  private final class Collector: NSObject, XMLParserDelegate {
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
}
