/// A failure of recognition itself, not of a frame: no outcome of the batch is known.
package struct RecognitionError: Error, Hashable, CustomStringConvertible {
  package enum Code: String, Sendable, Hashable {
    /// A network could not run.
    case networkFailed
    /// A network returned another shape than its description promises.
    case wrongShape
    /// The process lacks something now, memory or a data file: no frame is at fault, and the batch is worth another try.
    case unavailable
    /// Nothing that decodes can be had now: this frame is worth another try soon. A recogniser waits by itself and never
    /// fails with this.
    case noDecoder
  }

  package let code: Code
  /// Safe to log.
  package let detail: String

  package init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  package var description: String { "recognition: \(detail)" }
}
