import Glibc

/// A name that an LMS, Kafka or a bundle gives: the bytes of its UTF-8, and nothing else.
///
/// Equality, hash and order are those of the bytes. `String` compares by canonical equivalence: `é` in one and in two
/// scalars, or `K` and U+212A, would be one key of a dictionary, while Kafka, PostgreSQL and the pseudonyms' HMAC tell
/// them apart. Nothing is normalised. Ids of different kinds do not mix.
///
/// What leaves without `text` (description, debugging, reflection, encoding) shows the id, unless its kind conceals it.
package struct Identifier<Kind: IdentifierKind>: Sendable {
  /// The id as text. Do not compare it: two equal texts may be two ids.
  package let text: String

  /// Adopts a text as it is. What an event may hold (1–200 bytes, no control characters) is its decoder's to judge.
  @inlinable
  package init(_ text: String) { self.text = text }

  /// The UTF-8.
  @inlinable
  package var utf8: String.UTF8View { text.utf8 }
}

extension Identifier {
  /// An id that a person wrote, judged as one of an event is: UTF-8 of 1–200 bytes, no control characters.
  ///
  /// - Parameter name: what to call it in the error, which never shows it.
  package init(validating bytes: [UInt8], named name: String) throws(EventError) {
    let id = bytes.withUnsafeBytes { bytes in
      Result<Identifier, EventError> { () throws(EventError) in try EventText.id(bytes, name) }
    }
    self = try id.get()
  }
}

extension Identifier: Hashable {
  @inlinable
  package static func == (a: Identifier, b: Identifier) -> Bool { UTF8Bytes.areEqual(a.text, b.text) }

  @inlinable
  package func hash(into hasher: inout Hasher) { UTF8Bytes.hash(text, into: &hasher) }
}

extension Identifier: Comparable {
  /// The order of the bytes, which is PostgreSQL's in the collation `C`.
  package static func < (a: Identifier, b: Identifier) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}

extension Identifier: ExpressibleByStringInterpolation {
  @inlinable
  package init(stringLiteral text: String) { self.init(text) }
}

extension Identifier: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable, Codable {
  package var description: String { Kind.concealment ?? text }
  package var debugDescription: String { Kind.concealment ?? text.debugDescription }
  package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }

  package init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(String.self)) }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Comparison of texts by their UTF-8.
package enum UTF8Bytes {
  @usableFromInline
  package static func areEqual(_ a: String, _ b: String) -> Bool {
    // A native string, which every one is but a bridged one, knows its length and lends its bytes.
    guard a.utf8.count == b.utf8.count else { return false }
    let equal = a.utf8.withContiguousStorageIfAvailable { a in
      b.utf8.withContiguousStorageIfAvailable { b in
        a.isEmpty || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0
      }
    }
    return (equal ?? nil) ?? a.utf8.elementsEqual(b.utf8)
  }

  @usableFromInline
  package static func hash(_ text: String, into hasher: inout Hasher) {
    let isDone: Void? = text.utf8.withContiguousStorageIfAvailable {
      hasher.combine(bytes: UnsafeRawBufferPointer($0))
    }
    if isDone == nil { for byte in text.utf8 { hasher.combine(byte) } }
    // No byte of UTF-8: several ids hashed in a row keep their bounds.
    hasher.combine(0xFF as UInt8)
  }
}
