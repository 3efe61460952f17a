/// The strictness of events for other JSON that Lectern reads: what Foundation's decoder lets pass or chooses silently.
package enum JSONSyntax {
  /// Why bytes are not one strict JSON object (RFC 8259): not UTF-8, a repeated key, which two readers could resolve
  /// differently, nesting or size beyond what any file of Lectern has. nil where they are. Safe to log.
  package static func problem(in bytes: UnsafeRawBufferPointer) -> String? {
    do throws(EventError) {
      _ = try JSONDocument(bytes).root()
      return nil
    } catch {
      return error.reason
    }
  }
}
