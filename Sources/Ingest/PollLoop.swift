import KafkaIO
import LearningEvents
import Services
import Synchronization
import Telemetry

/// The one thread that talks to the consumer: it polls without pause, whatever the database or recognition do, so that
/// no slow part of a worker ever costs it its partitions.
///
/// Everything that changes what the consumer delivers (seek, pause, resume, unassign) happens here, between two polls;
/// so a record in hand can never be older than a seek. Others ask for it with `send`.
final class PollLoop: Sendable {
  typealias Queue = PartitionQueue<PartitionEntry>

  /// What others may ask of the poll thread.
  enum Command: Sendable {
    /// Start to fill this queue, from this offset on. Whatever it holds from before is dropped.
    case flow(TopicPartition, Queue, from: Int64, CheckedContinuation<KafkaError?, Never>)
    /// Deliver nothing more of this partition into this queue. Of a queue that is no longer the partition's it means
    /// nothing: a task that ends late must not stop the one that came after it.
    case hold(TopicPartition, Queue)
    /// Give up these partitions: their tasks have ended.
    case release([TopicPartition])
    /// Tell the broker, for lag tools, up to where the ledger has come. Nothing depends on it.
    case mirror(TopicPartition, nextOffset: Int64)
    /// Have every partition's task look at its ledger again.
    case nudge
    case stop
  }

  /// What the poll thread tells of assignment.
  enum Event: Sendable {
    case assigned([TopicPartition])
    case revoking([TopicPartition])
    case lost([TopicPartition])
    /// Something that no waiting mends: the consumer cannot go on, or a partition's task cannot.
    case failed(any Error)
  }

  private struct Flow {
    let queue: Queue
    /// Paused because its queue is full.
    var isPaused = false
  }

  /// How long a full queue may hold up the poll thread, and with it the other partitions, before its partition is
  /// paused.
  private static let patience = Duration.milliseconds(100)

  private let consumer: KafkaConsumer
  private let interval: Duration
  private let logger: Logger
  private let events: AsyncStream<Event>.Continuation
  /// Nil once the thread has ended.
  private let commands = Mutex<[Command]?>([])
  private let clock: @Sendable () -> EventTime
  private let disturbanceCount = Atomic(0)

  /// Errors of brokers and connections that the consumer reported so far: after each of them a log may be another.
  var disturbances: Int { disturbanceCount.load(ordering: .relaxed) }

  init(
    consumer: KafkaConsumer, interval: Duration, events: AsyncStream<Event>.Continuation, logger: Logger,
    clock: @escaping @Sendable () -> EventTime
  ) {
    self.consumer = consumer
    self.interval = interval
    self.events = events
    self.logger = logger
    self.clock = clock
  }

  /// Hands a command to the thread; once that has ended nothing comes of it.
  func send(_ command: Command) {
    let isOver = commands.withLock { commands in
      commands?.append(command)
      return commands == nil
    }
    if isOver { Self.refuse(command) }
  }

  /// Tells the coordinator that the worker cannot go on.
  func fail(_ error: any Error) { events.yield(.failed(error)) }

  /// Ends the coordinator's events: what happens from here on is nobody's.
  func endEvents() { events.finish() }

  /// Starts to deliver a partition from an offset; returns once the consumer accepted it.
  func flow(_ partition: TopicPartition, into queue: Queue, from offset: Int64) async throws(KafkaError) {
    let error = await withCheckedContinuation { send(.flow(partition, queue, from: offset, $0)) }
    if let error { throw error }
  }

  /// Polls until told to stop. Blocks its thread.
  func run() {
    poll()
    let rest = commands.withLock { commands in
      defer { commands = nil }
      return commands ?? []
    }
    for command in rest { Self.refuse(command) }
  }

  private static func refuse(_ command: Command) {
    if case .flow(_, _, _, let continuation) = command {
      continuation.resume(returning: KafkaError(.closed, while: "starting a partition"))
    }
  }

  private func poll() {
    var flows: [TopicPartition: Flow] = [:]
    var mirrored: [TopicPartition: Int64] = [:]
    var lastRound = ContinuousClock.now
    var rounds = 0
    var hasTakenRecords = false
    while true {
      var isStopping = false
      for command in takeCommands() {
        switch command {
        case .flow(let partition, let queue, let offset, let continuation):
          continuation.resume(returning: start(partition, from: offset, in: &flows, queue))
        case .hold(let partition, let queue):
          if flows[partition]?.queue === queue {
            flows[partition] = nil
            attempt { () throws(KafkaError) in try consumer.pause([partition]) }
          }
        case .release(let partitions):
          for partition in partitions { flows[partition] = nil }
          mirror(&mirrored)
          attempt { () throws(KafkaError) in try consumer.finishRevocation(partitions) }
        case .mirror(let partition, let offset): mirrored[partition] = offset
        case .nudge:
          for flow in flows.values { _ = flow.queue.append(.nudge, bytes: 0, at: .now) }
        case .stop: isStopping = true
        }
      }
      if isStopping { return mirror(&mirrored) }
      let now = ContinuousClock.now
      if lastRound.duration(to: now) >= interval {
        lastRound = now
        let partitions = Array(flows.keys)
        for partition in partitions { tend(partition, in: &flows, at: now) }
        mirror(&mirrored)
        rounds += 1
        if hasTakenRecords, !partitions.isEmpty { consumer.wakeFetcher(of: partitions[rounds % partitions.count]) }
        hasTakenRecords = false
      }
      if let event = consumer.poll(timeout: interval) {
        if case .record = event { hasTakenRecords = true }
        take(event, in: &flows, at: now)
      }
    }
  }

  private func take(
    _ event: KafkaConsumerEvent, in flows: inout [TopicPartition: Flow], at now: ContinuousClock.Instant
  ) {
    switch event {
    case .record(let record):
      let partition = record.topicPartition
      append(.record(record, receivedAt: clock()), bytes: record.byteCount, to: partition, in: &flows, at: now)
    case .endOfPartition(let partition, let offset):
      append(.end(offset: offset), bytes: 0, to: partition, in: &flows, at: now)
    case .assigned(let partitions): events.yield(.assigned(partitions))
    case .revoking(let partitions): events.yield(.revoking(partitions))
    case .lost(let partitions):
      for partition in partitions { flows[partition] = nil }
      events.yield(.lost(partitions))
    case .error(let error):
      if error.isFatal {
        events.yield(.failed(error))
      } else if error.code == .noOffset, let partition = error.topicPartition {
        append(.outOfLog, bytes: 0, to: partition, in: &flows, at: now)
      } else {
        disturbanceCount.add(1, ordering: .relaxed)
        logger.warning("Kafka reports a problem", metadata: ["error": .string(error.description)])
      }
    }
  }

  private func append(
    _ entry: PartitionEntry, bytes: Int, to partition: TopicPartition, in flows: inout [TopicPartition: Flow],
    at now: ContinuousClock.Instant
  ) {
    // Records of a partition that flows no more were fetched before its hold: the next flow reads them again.
    guard let flow = flows[partition], !flow.queue.append(entry, bytes: bytes, at: now), !flow.isPaused else { return }
    // A pause makes librdkafka drop what it has fetched of the partition and fetch it again: a queue that is worked on
    // makes room sooner than that.
    guard !flow.queue.waitForRoom(upTo: Self.patience) else { return }
    attempt { () throws(KafkaError) in try consumer.pause([partition]) }
    flows[partition]?.isPaused = true
  }

  private func tend(
    _ partition: TopicPartition, in flows: inout [TopicPartition: Flow], at now: ContinuousClock.Instant
  ) {
    guard let flow = flows[partition] else { return }
    flow.queue.closeAgedBatch(at: now)
    if flow.isPaused, flow.queue.isHalfEmpty {
      attempt { () throws(KafkaError) in try consumer.resume([partition]) }
      flows[partition]?.isPaused = false
    }
  }

  private func start(
    _ partition: TopicPartition, from offset: Int64, in flows: inout [TopicPartition: Flow], _ queue: Queue
  ) -> KafkaError? {
    queue.removeAll()
    do throws(KafkaError) {
      try consumer.seek([(partition, offset)])
      try consumer.resume([partition])
      flows[partition] = Flow(queue: queue)
      return nil
    } catch {
      return error
    }
  }

  private func mirror(_ offsets: inout [TopicPartition: Int64]) {
    guard !offsets.isEmpty else { return }
    let mirrored = offsets
    attempt { () throws(KafkaError) in try consumer.commit(mirrored) }
    offsets.removeAll(keepingCapacity: true)
  }

  /// Runs a call whose failure costs nothing: a partition that is gone needs no pause, a mirrored offset no care.
  private func attempt(_ body: () throws(KafkaError) -> Void) {
    do throws(KafkaError) {
      try body()
    } catch {
      logger.debug("a call on the consumer failed", metadata: ["error": .string(error.description)])
    }
  }

  private func takeCommands() -> [Command] {
    commands.withLock { commands in
      defer { commands = [] }
      return commands ?? []
    }
  }
}

/// The poll thread as a part of the worker: it polls until it is asked to end, then leaves the consumer group.
struct PollService: Service {
  let loop: PollLoop
  let consumer: KafkaConsumer

  func run() async throws {
    let thread = ThreadExecutor(name: "kafka-poll")
    await withGracefulShutdownHandler {
      await withTaskCancellationHandler {
        await thread.run { loop.run() }
      } onCancel: {
        loop.send(.stop)
      }
    } onGracefulShutdown: {
      loop.send(.stop)
    }
    // Leaving the group waits for the broker: not on a cooperative thread.
    await thread.run { consumer.close() }
  }
}
