import KafkaIO
import Services
import Telemetry

/// Gives each assigned partition a task and takes it back when the group wants the partition elsewhere.
struct Coordinator: Service {
  private struct Held {
    let queue: PollLoop.Queue
    let stop: StopFlag
    /// Raised once the task has ended, or was given up.
    let ended: StopFlag
  }

  let context: IngestContext
  let events: AsyncStream<PollLoop.Event>

  /// Follows assignment until shutdown; returns once every task has ended.
  func run() async throws {
    try await withGracefulShutdownHandler {
      try await follow()
    } onGracefulShutdown: {
      context.loop.endEvents()
    }
  }

  private func follow() async throws {
    try await withThrowingDiscardingTaskGroup { group in
      var held: [TopicPartition: Held] = [:]
      defer { for entry in held.values { end(entry) } }
      for await event in events {
        switch event {
        case .assigned(let partitions):
          context.metrics.rebalances.increment()
          for partition in partitions { held[partition] = start(partition, in: &group) }
          context.health.setAssigned()
          context.logger.info("partitions are assigned", metadata: Self.metadata(partitions, held: held.count))
        case .revoking(let partitions):
          context.metrics.rebalances.increment()
          let ending = partitions.compactMap { held.removeValue(forKey: $0) }
          for entry in ending { end(entry) }
          context.logger.info("partitions are given up", metadata: Self.metadata(partitions, held: held.count))
          group.addTask {
            await finish(ending)
            context.loop.send(.release(partitions))
          }
        case .lost(let partitions):
          context.metrics.rebalances.increment()
          for partition in partitions { held.removeValue(forKey: partition).map(end) }
          context.logger.warning(
            "partitions were lost: the group went on without this worker",
            metadata: Self.metadata(partitions, held: held.count))
        case .failed(let error): throw error
        }
        context.assignment.set(held.keys)
        context.metrics.assignedPartitions.set(held.count)
        let share = context.settings.share(of: held.count)
        for entry in held.values { entry.queue.setShare(share) }
      }
    }
  }

  /// - Parameter held: how many partitions this worker holds after that.
  private static func metadata(
    _ partitions: [TopicPartition], held: Int
  ) -> KeyValuePairs<String, MetadataValue> {
    ["partitions": .string(TopicPartition.list(partitions)), "held": .int(Int64(held))]
  }

  private func start(_ partition: TopicPartition, in group: inout ThrowingDiscardingTaskGroup<any Error>) -> Held {
    let stop = StopFlag()
    let entry = Held(
      queue: PollLoop.Queue(limits: context.settings.queueLimits), stop: stop, ended: StopFlag())
    let isControl = partition.topic == context.settings.controlTopic
    let task = PartitionTask(
      partition: partition, queue: entry.queue, stop: stop, context: context,
      work: isControl ? ControlWork(context: context, stop: stop) : FrameWork(context: context, stop: stop))
    group.addTask {
      defer { entry.ended.raise() }
      do {
        try await task.run()
      } catch {
        // A failing child cancels its siblings but not the group's body, which waits for events.
        context.loop.fail(error)
        throw error
      }
    }
    return entry
  }

  private func end(_ entry: Held) {
    entry.stop.raise()
    entry.queue.close()
  }

  /// Waits for tasks to end, but not for ever: what is not stored by then is stored by the next owner, and the ledger's
  /// epoch keeps a late store of ours out.
  private func finish(_ ending: [Held]) async {
    let timer = Task {
      try? await Task.sleep(for: context.settings.revocationGrace)
      if !Task.isCancelled { for entry in ending { entry.ended.raise() } }
    }
    for entry in ending { await entry.ended.wait() }
    timer.cancel()
  }
}
