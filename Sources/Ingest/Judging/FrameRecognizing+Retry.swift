package import Recognition
import Services
package import Telemetry

extension FrameRecognizing {
  /// Recognises a batch, again and again while the process lacks what any frame needs (`RecognitionError.unavailable`):
  /// neither is a frame rejected for that nor does the worker end.
  ///
  /// When the flag is raised it has two seconds to finish, so that what was looked at is stored, and not looked at
  /// again by the next owner of the partition.
  ///
  /// - Returns: one outcome a request; nil if the flag was raised meanwhile.
  /// - Throws: whatever else recognition throws.
  package func recognize(
    _ requests: [RecognitionRequest], until stop: StopFlag, logger: Logger
  ) async throws -> [RecognitionOutcome]? {
    var backoff = Backoff()
    // Frames that nobody has looked at yet are the next owner's.
    while !stop.isRaised {
      do {
        return try await stop.cancelling(after: .seconds(2)) { try await recognize(requests) }
      } catch let error as RecognitionError where error.code == .unavailable {
        logger.error(
          "frames cannot be recognised now; trying again", metadata: ["error": .string(error.description)])
      }
      do {
        try await stop.sleep(for: backoff.delay())
      } catch {
        return nil
      }
    }
    return nil
  }
}
