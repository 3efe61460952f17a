package import KafkaIO
package import LearningEvents

/// A consumer whose polls run on a thread of their own; events wait in a list until the test asks for them.
package actor KafkaTestConsumer {
  private let thread = BlockingThread(name: "kafka-poll")
  package nonisolated let consumer: KafkaConsumer
  private var waiting: [KafkaConsumerEvent] = []

  package init(_ server: KafkaTestServer, groupID: String, topics: [TopicName]) throws {
    consumer = try KafkaConsumer(settings: server.settings, groupID: groupID, topics: topics, logger: server.logger)
    try consumer.subscribe()
  }

  /// Polls until an event is what the test looks for, and returns that; others wait. Nil after `timeout`.
  package func next<Found: Sendable>(
    within timeout: Duration = .seconds(20), _ match: @Sendable (KafkaConsumerEvent) -> Found?
  ) async -> Found? {
    for index in waiting.indices {
      if let found = match(waiting[index]) {
        waiting.remove(at: index)
        return found
      }
    }
    let deadline = ContinuousClock.now + timeout
    while ContinuousClock.now < deadline, !Task.isCancelled {
      let consumer = consumer
      guard let event = await thread.run({ consumer.poll(timeout: .milliseconds(50)) }) else { continue }
      if let found = match(event) { return found }
      waiting.append(event)
    }
    return nil
  }

  /// Polls for a while and returns the records that came, and those that waited.
  package func records(for time: Duration) async -> [KafkaRecord] {
    let stop: Bool? = await next(within: time) { _ in nil }
    precondition(stop == nil)
    let records = waiting.compactMap { event -> KafkaRecord? in
      if case .record(let record) = event { record } else { nil }
    }
    waiting.removeAll { if case .record = $0 { true } else { false } }
    return records
  }

  /// The next record.
  package func record(within timeout: Duration = .seconds(20)) async -> KafkaRecord? {
    await next(within: timeout) { if case .record(let record) = $0 { record } else { nil } }
  }

  /// The next assignment.
  package func assigned(within timeout: Duration = .seconds(30)) async -> [TopicPartition]? {
    await next(within: timeout) { if case .assigned(let partitions) = $0 { partitions.sorted() } else { nil } }
  }

  /// Runs blocking calls of the consumer off the poll thread and off the cooperative ones.
  package nonisolated func calling<Result: Sendable>(
    _ body: @Sendable (KafkaConsumer) throws -> Result
  ) async throws -> Result {
    let consumer = consumer
    return try await BlockingThread(name: "kafka-call").run { try body(consumer) }
  }

  package func close() async {
    let consumer = consumer
    await thread.run { consumer.close() }
  }
}
