import ImageTypes
import KafkaIO
import LearningEvents
import LocalServers
import Telemetry
import TestSupport
import Testing

extension Broker {
  @Suite struct Producer {
    private func read(_ count: Int, of topic: TopicName, on server: KafkaTestServer) async throws -> [KafkaRecord] {
      try await BlockingThread().run {
        var records: [KafkaRecord] = []
        for offset in 0..<Int64(count) {
          let reader = try KafkaReader(settings: server.settings, logger: server.logger)
          let partition = TopicPartition(topic: topic, partition: 0)
          if let record = try reader.record(at: partition, offset: offset, timeout: .seconds(10)) {
            records.append(record)
          }
        }
        return records
      }
    }

    @Test func framesArriveAsTheyWereSent() async throws {
      try await KafkaTestServer.withTopic { server, topic in
        let frame = FrameEvent(
          id: "f", source: "https://lms.example", sessionID: "s", sequence: 3, learnerID: "l", courseID: "c",
          capturedAt: EventTime(rfc3339: "2026-11-23T10:00:00Z")!, imageType: .jpeg)
        let producer = try KafkaProducer(settings: server.settings, logger: server.logger)
        let image: [UInt8] = [0xFF, 0xD8, 0xFF, 0]
        for mode in FrameEvent.ContentMode.allCases {
          let event = image.withUnsafeBytes { frame.encoded(image: $0, mode: mode) }
          _ = try await producer.produce(event, to: topic)
        }
        let records = try await read(2, of: topic, on: server)
        #expect(records.count == 2)
        for record in records { #expect(try record.decodeFrame().event == frame) }
        #expect(try records[0].decodeFrame().image == .recordValue(byteCount: 4))
        #expect(try records[1].decodeFrame().image == .decoded(image))
        #expect(records[0].identityBytes != records[1].identityBytes)
        #expect(records[0].timestampMilliseconds != nil)
      }
    }

    @Test func anEmptyValueIsNotAnAbsentOne() async throws {
      try await KafkaTestServer.withTopic { server, topic in
        let producer = try KafkaProducer(settings: server.settings, logger: server.logger)
        _ = try await producer.produce(topic: topic, key: [], headers: [EventHeader("h", "")], value: [])
        _ = try await producer.produce(topic: topic, key: nil, value: nil)
        let records = try await read(2, of: topic, on: server)
        #expect(records.map(\.valueByteCount) == [0, 0])
        #expect(records.map { $0.withKey { $0 == nil } } == [false, true])
        #expect(records[0].withHeaders { $0.map { $0.value?.count } } == [0])
        #expect(records[1].withHeaders { $0.count } == 0)
      }
    }

    @Test func aTopicThatIsNotThereHasNoPartitions() async throws {
      try await KafkaTestServer.withTopics(partitions: [3]) { server, topics in
        let absent = TopicName(KafkaTestServer.unique("absent"))
        let counts = try await BlockingThread().run {
          let admin = try KafkaAdmin(settings: server.settings, logger: server.logger)
          return [
            try admin.partitionCount(of: topics[0]), try admin.partitionCount(of: absent),
            try admin.partitionCount(of: absent),
          ]
        }
        #expect(counts[0] == 3)
        // Twice: asking must not make it. The embedded broker makes every topic it is asked for.
        if !server.isEmbedded { #expect(counts[1...] == [nil, nil]) }
      }
    }

    @Test func aRecordThatIsTooLargeIsRefusedAndItsNeighbourSent() async throws {
      try await KafkaTestServer.withTopic { server, topic in
        let producer = try KafkaProducer(
          settings: server.settings.adding(["message.max.bytes": "1000"]), logger: server.logger)
        await #expect {
          try await producer.produce(topic: topic, key: nil, value: [UInt8](repeating: 0, count: 2000))
        } throws: { ($0 as? KafkaError)?.code == .messageTooLarge }
        #expect(try await producer.produce(topic: topic, key: nil, value: [1]).offset == 0)
        // A report counts as pending until librdkafka's own thread has put it away.
        let isEmpty = await BlockingThread().run { producer.flush(timeout: .seconds(10)) }
        #expect(isEmpty)
        #expect(producer.pendingCount == 0)
      }
    }
  }

  /// What the embedded broker alone can do: faults.
  @Suite(.enabled(if: !KafkaTestServer.isReal, "only the embedded broker has faults to inject"))
  struct EmbeddedBrokerFaults {
    @Test func everyStartIsAnotherLog() throws {
      let brokers = try (0..<2).map { _ in try EmbeddedBroker(logger: .silent) }
      #expect(brokers[0].clusterID != brokers[1].clusterID)
      #expect(brokers[0].bootstrapServers != brokers[1].bootstrapServers)
    }

    @Test func aBrokerThatWasAwayGetsEveryRecordOnce() async throws {
      try await KafkaTestServer.withTopic { server, topic in
        let broker = try #require(server.broker)
        let producer = try KafkaProducer(settings: server.settings, logger: server.logger)
        _ = try await producer.produce(topic: topic, key: nil, value: [0])
        try broker.cluster.setDown(true)
        async let deliveries = withThrowingTaskGroup(of: Int64.self) { group in
          for value in 1...5 {
            group.addTask { try await producer.produce(topic: topic, key: nil, value: [UInt8(value)]).offset }
          }
          return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
        }
        // Until all five wait, the broker stays away.
        while producer.pendingCount < 5 { try await Task.sleep(for: .milliseconds(5)) }
        try broker.cluster.setDown(false)
        #expect(try await deliveries == [1, 2, 3, 4, 5])
      }
    }

    @Test func pushedFailuresAreRetried() async throws {
      try await KafkaTestServer.withTopic { server, topic in
        let broker = try #require(server.broker)
        let producer = try KafkaProducer(settings: server.settings, logger: server.logger)
        broker.cluster.failNext(.produce, with: [.transport])
        #expect(try await producer.produce(topic: topic, key: nil, value: [1]).offset == 0)
      }
    }

    /// A member the group forgot loses its partitions: they are taken away at once and reported.
    @Test func aForgottenMemberLosesItsPartitions() async throws {
      try await KafkaTestServer.withTopic(partitions: 2) { server, topic in
        let broker = try #require(server.broker)
        let member = try KafkaTestConsumer(server, groupID: KafkaTestServer.unique("group"), topics: [topic])
        let assigned = try #require(await member.assigned())
        broker.cluster.failNext(.heartbeat, with: [.unknownMember])
        let lost = await member.next { if case .lost(let partitions) = $0 { partitions.sorted() } else { nil } }
        #expect(lost == assigned)
        #expect(await member.assigned() == assigned)
        await member.close()
      }
    }
  }
}
