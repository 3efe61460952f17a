package import LearningEvents

/// Turns frames into emotion distributions; what ingest knows of recognition.
package protocol FrameRecognizing: Sendable {
  /// The SHA-256 of the bundle in use, 64 lower-case hex digits: the model id on every sample.
  var modelID: ModelID { get }

  /// Why a picture is larger than may be decoded, by what it declares; nil if it is not. Decodes nothing: a few
  /// microseconds, also for the face of somebody who did not consent. The detail is safe to log and store.
  ///
  /// - Parameter picture: a whole file, lent for the call.
  func sizeProblem(of picture: UnsafeRawBufferPointer) -> String?

  /// Recognises a batch.
  ///
  /// Never blocks the cooperative pool; suspends until the whole batch is done. One frame never affects another:
  /// a broken picture is an outcome of its own.
  ///
  /// - Returns: one outcome a request, in the order of the requests.
  /// - Throws: `CancellationError` when the task is cancelled between frames, or `RecognitionError` when a network
  ///   cannot run at all or, `unavailable`, the process lacks memory; then no outcome of the batch is known.
  func recognize(_ requests: [RecognitionRequest]) async throws -> [RecognitionOutcome]
}
