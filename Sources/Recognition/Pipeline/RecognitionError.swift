import Vision

/// A failure of recognition itself, not of a frame: no outcome of the batch is known.
package struct RecognitionError: Error, Hashable, CustomStringConvertible {
  package enum Code: String, Sendable, Hashable {
    /// A network returned another shape than its description promises.
    case wrongShape
    /// The process lacks something now, memory or a data file: no frame is at fault, and the batch is worth another
    /// try.
    case unavailable
    /// A library failed on what is in this picture. A recogniser never fails with this: it rejects the frame.
    case unanalysable
    /// Preparing this picture took more processor time than allowed. A recogniser never fails with this either.
    case tooCostly
  }

  package let code: Code
  /// Safe to log.
  package let detail: String

  package init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  /// What a detector or describer threw on a picture, sorted by whose fault it is. An error of an unknown kind is named
  /// by its type alone, since its description may tell whose picture it was.
  init(analysing error: any Error) {
    guard let failure = error as? any VisionFailure else {
      self.init(.unanalysable, "\(type(of: error))")
      return
    }
    self.init(failure.isOfProcess ? .unavailable : .unanalysable, failure.description)
  }

  package var description: String { "recognition: \(detail)" }
}
