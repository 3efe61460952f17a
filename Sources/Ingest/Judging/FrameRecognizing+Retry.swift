package import Recognition
package import Telemetry

extension FrameRecognizing {
  /// Recognises a batch, again and again while the process lacks what any frame needs (`RecognitionError.unavailable`):
  /// neither is a frame rejected for that nor does the worker end.
  ///
  /// - Returns: one outcome a request; nil if the flag was raised meanwhile.
  /// - Throws: whatever else recognition throws.
  package func recognize(
    _ requests: [RecognitionRequest], until stop: StopFlag, logger: Logger
  ) async throws -> [RecognitionOutcome]? {
    var backoff = Backoff()
    var generator = SystemRandomNumberGenerator()
    while true {
      do {
        return try await stop.cancelling { try await recognize(requests) }
      } catch let error as RecognitionError where error.code == .unavailable {
        logger.error(
          "frames cannot be recognised now; trying again", metadata: ["error": .string(error.description)])
      }
      do {
        try await stop.sleep(for: backoff.delay(using: &generator))
      } catch {
        return nil
      }
    }
  }
}
