/// The name of an object's member, which is its UTF-8 bytes.
///
/// A type of its own because Swift compares texts by canonical equivalence: `é` as one scalar and as two would be one
/// member, and a reader that compares bytes would see two.
package struct JSONName: Hashable, Sendable, ExpressibleByStringLiteral {
  package let text: String

  package init(_ text: String) { self.text = text }
  package init(stringLiteral text: String) { self.text = text }

  package static func == (left: JSONName, right: JSONName) -> Bool {
    left.text.utf8.count == right.text.utf8.count && left.text.utf8.elementsEqual(right.text.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
