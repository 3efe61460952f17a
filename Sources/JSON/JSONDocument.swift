/// A strict reading of one JSON text (RFC 8259), which comes from outside and may be hostile.
///
/// UTF-8, whose byte order mark is passed over (RFC 8259, section 8.1), no repeated names (two readers could choose
/// differently), nesting to 12, a bounded number of values. The bytes are lent: neither document nor values outlive the
/// call that lends them.
package struct JSONDocument {
  private let value: JSONValue

  static let depthLimit = 12
  /// Of one event or manifest: what it takes in memory is bounded by this.
  package static let valueLimit = 100_000

  package init(_ bytes: UnsafeRawBufferPointer, valueLimit: Int = valueLimit) throws(JSONError) {
    let bytes = Self.withoutByteOrderMark(bytes)
    guard !bytes.isEmpty else { throw JSONError("", "empty") }
    let text = Span(_unsafeElements: bytes.bindMemory(to: UInt8.self))
    guard (try? UTF8Span(validating: text)) != nil else { throw JSONError("", "not UTF-8") }
    var reader = JSONReader(bytes)
    var count = 0
    do throws(JSONSyntaxError) {
      value = try reader.value(depth: 0, count: &count, limit: valueLimit)
      try reader.end()
    } catch {
      throw JSONError(error)
    }
  }

  /// The document as an object.
  package func root() throws(JSONError) -> JSONObject {
    guard case .object(let members) = value else { throw JSONError("", "not a JSON object") }
    return JSONObject(members: members, path: "")
  }

  /// The document as an array of objects, or as one object.
  package func roots() throws(JSONError) -> [JSONObject] {
    guard case .array(let elements) = value else { return [try root()] }
    return try JSONObject.objects(elements, path: "")
  }

  private static func withoutByteOrderMark(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? UnsafeRawBufferPointer(rebasing: bytes[3...]) : bytes
  }

  /// Why bytes are not one strict JSON object, for JSON that Foundation decodes: its decoder lets pass or chooses
  /// silently what is refused here. nil where they are one. Safe to log.
  package static func problem(in bytes: UnsafeRawBufferPointer) -> String? {
    do throws(JSONError) {
      _ = try JSONDocument(bytes).root()
      return nil
    } catch {
      return error.reason
    }
  }
}
