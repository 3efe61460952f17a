import KafkaIO
import LearningEvents
import Synchronization

/// One frame on its way to Kafka: the event and its picture.
struct OutgoingFrame: Sendable {
  var event: FrameEvent
  var image: [UInt8]
}

/// How many frames the broker acknowledged.
struct PublishCounts: Sendable, Equatable {
  /// Acknowledged by the broker.
  var published = 0
  /// Refused or lost by the broker, for good.
  var failed = 0
  /// Bytes of the acknowledged pictures.
  var bytes = 0
  /// Why the first one failed.
  var firstFailure: KafkaError?
  /// Sent, without a word of the broker by the end: of an interrupted run only.
  var unanswered = 0
  /// Whether it was interrupted before all frames were sent.
  var isInterrupted = false
}

/// Sends frame events as an LMS would, and counts what the broker acknowledged.
///
/// Frames are taken one after the other, so that a lazy sequence makes each picture only when it is its turn; those of
/// one session keep their order.
struct FramePublisher: Sendable {
  let producer: KafkaProducer
  let topic: TopicName
  let uptime: @Sendable () -> Duration
  var mode = FrameEvent.ContentMode.binary
  /// Frames a second; 0 sends as fast as the broker takes them.
  var rate = 0.0
  /// Frames that may wait for their acknowledgement.
  var inFlightLimit = 500
  /// Keeps a small broker's partitions from overflowing; nil on a broker with disks.
  var headroom: PartitionHeadroom?
  /// How long cancelled publishing waits for what was sent to be acknowledged, and then returns what was; nil lets it
  /// throw at once.
  var patience: Duration?

  /// Publishes all frames and waits for every acknowledgement.
  ///
  /// - Parameter progress: called on any thread after each acknowledgement.
  /// - Throws: the error of making a frame or of `headroom`, or cancellation without `patience`; frames sent by then
  ///   stay sent.
  func publish(
    _ frames: some Sequence<@Sendable () throws -> OutgoingFrame>,
    progress: @escaping @Sendable (PublishCounts) -> Void = { _ in }
  ) async throws -> PublishCounts {
    let outcome = Outcome(progress: progress)
    do {
      try await send(frames, outcome)
    } catch let error as CancellationError {
      guard let patience else { throw error }
      return await outcome.interrupted(after: patience)
    }
    return outcome.counts
  }

  private func send(
    _ frames: some Sequence<@Sendable () throws -> OutgoingFrame>, _ outcome: Outcome
  ) async throws {
    let start = uptime()
    var sent = 0
    for make in frames {
      try Task.checkCancellation()
      if rate > 0 { try await Task.sleep(for: max(.zero, start + .seconds(Double(sent) / rate) - uptime())) }
      while outcome.waiting >= inFlightLimit { try await Task.sleep(for: .milliseconds(2)) }
      let frame = try make()
      let event = frame.image.withUnsafeBytes { frame.event.encoded(image: $0, mode: mode) }
      try await send(event, imageBytes: frame.image.count, outcome)
      sent += 1
    }
    while outcome.waiting > 0 { try await Task.sleep(for: .milliseconds(2)) }
  }

  private func send(_ event: EncodedEvent, imageBytes: Int, _ outcome: Outcome) async throws {
    var place: (headroom: PartitionHeadroom, partition: Int32)?
    if let headroom {
      let partition = KafkaProducer.partition(forKey: event.key, of: headroom.partitionCount)
      try await headroom.take(event.byteCount, of: partition)
      place = (headroom, partition)
    }
    let bytes = event.byteCount
    let end: @Sendable (Result<KafkaProducer.Delivery, KafkaError>) -> Void = { [place] result in
      switch (result, place) {
      case (.success(let delivery), let place?):
        place.headroom.delivered(bytes, of: place.partition, at: delivery.offset)
      case (.failure, let place?): place.headroom.failed(bytes, of: place.partition)
      case (_, nil): break
      }
      outcome.end(result, imageBytes: imageBytes)
    }
    outcome.begin()
    while true {
      do throws(KafkaError) {
        return try producer.send(
          topic: topic, key: event.key, headers: event.headers, value: event.value, partition: place?.partition,
          onDelivery: end)
      } catch  where error.code == .queueFull {
        try await Task.sleep(for: .milliseconds(5))
      } catch {
        return end(.failure(error))
      }
    }
  }

  /// Counts across the producer's delivery thread and the publishing task.
  private final class Outcome: Sendable {
    private struct State {
      var counts = PublishCounts()
      var waiting = 0
    }

    private let state = Mutex(State())
    private let progress: @Sendable (PublishCounts) -> Void

    init(progress: @escaping @Sendable (PublishCounts) -> Void) { self.progress = progress }

    var counts: PublishCounts { state.withLock(\.counts) }
    var waiting: Int { state.withLock(\.waiting) }

    /// Waits for acknowledgements, also in a cancelled task, and says what came.
    func interrupted(after patience: Duration) async -> PublishCounts {
      let deadline = ContinuousClock.now + patience
      await Task { while waiting > 0, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(2)) } }
        .value
      var counts = counts
      (counts.isInterrupted, counts.unanswered) = (true, waiting)
      return counts
    }

    func begin() { state.withLock { $0.waiting += 1 } }

    func end(_ result: Result<KafkaProducer.Delivery, KafkaError>, imageBytes: Int) {
      let counts = state.withLock { state in
        state.waiting -= 1
        switch result {
        case .success:
          state.counts.published += 1
          state.counts.bytes += imageBytes
        case .failure(let error):
          state.counts.failed += 1
          state.counts.firstFailure = state.counts.firstFailure ?? error
        }
        return state.counts
      }
      progress(counts)
    }
  }
}
