import Services
import Synchronization

/// Makes librdkafka look whether there is room to fetch, now.
///
/// Once its queue of fetched records is full, librdkafka before 2.4.0 lets the connection to a broker rest for up to a
/// second, whatever is taken from the queue meanwhile; a consumer that is faster than the queue is deep then waits for
/// nothing. A request on that connection wakes it: the cheapest one is the question where a partition ends. Newer
/// versions have `fetch.queue.backoff.ms` instead.
final class FetchWaker: Sendable {
  private let handle: KafkaHandle
  private let thread = ThreadExecutor(name: "kafka-wake")
  private let isAsking = Atomic<Bool>(false)

  init(_ handle: KafkaHandle) { self.handle = handle }

  /// Wakes the connection to the partition's leader and returns at once; does nothing while an earlier request has no
  /// answer, as when the broker is away.
  func wake(_ partition: TopicPartition) {
    guard isAsking.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged else {
      return
    }
    thread.submit { [self] in
      _ = try? handle.watermarks(of: partition, timeout: .seconds(1))
      isAsking.store(false, ordering: .releasing)
    }
  }
}
