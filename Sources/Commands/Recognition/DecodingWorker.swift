import Ingest
import IsolatedDecoding
import Services

/// A worker that is asked to end in time although a decoder may be at a frame for minutes: when half of the time that
/// it has is over, no decoder is waited for any longer. The frame is neither stored nor rejected, and decoded again by
/// the partition's next owner.
struct DecodingWorker: Service {
  let worker: IngestWorker
  let decoder: IsolatedDecoder
  /// How long the whole program may take to end.
  let grace: Duration

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await worker.run()
    } onGracefulShutdown: { [decoder, grace] in
      Task {
        try? await Task.sleep(for: grace / 2)
        decoder.abandon()
      }
    }
  }
}
