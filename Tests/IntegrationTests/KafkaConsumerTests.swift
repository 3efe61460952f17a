import KafkaIO
import LearningEvents
import LocalServers
import Telemetry
import TestSupport
import Testing

extension Broker {
  /// The consumer as the worker uses it: claim, revoke, seek, on the embedded broker or a real Kafka.
  @Suite struct Consumer {
    private func produce(_ count: Int, to topic: TopicName, partition: Int32, on server: KafkaTestServer) async throws {
      let producer = try KafkaProducer(settings: server.settings, logger: server.logger)
      for number in 0..<count {
        let delivery = try await producer.produce(
          topic: topic, key: Array("key".utf8), headers: [EventHeader("number", String(number))],
          value: Array("value \(number)".utf8), partition: partition,
          timestampMilliseconds: 1_700_000_000_000 + Int64(number))
        #expect(delivery.partition == partition)
        #expect(delivery.offset == Int64(number))
      }
    }

    @Test func claimSeeksAndResumesWhatWasAssignedPaused() async throws {
      try await KafkaTestServer.withTopic(partitions: 2) { server, topic in
        let partitions = (0..<2).map { TopicPartition(topic: topic, partition: $0) }
        try await produce(5, to: topic, partition: 0, on: server)
        let member = try KafkaTestConsumer(server, groupID: KafkaTestServer.unique("group"), topics: [topic])
        #expect(await member.assigned() == partitions)
        // Paused: nothing comes before the claim.
        #expect(await member.records(for: .milliseconds(700)).isEmpty)
        let marks = try await member.calling { try $0.watermarks(of: partitions[0], timeout: .seconds(10)) }
        #expect(marks == (0, 5))
        let (last, none) = try await BlockingThread().run {
          let reader = try KafkaReader(settings: server.settings, logger: server.logger)
          return (
            try reader.record(at: partitions[0], offset: 2, timeout: .seconds(10)),
            try reader.record(at: partitions[0], offset: 5, timeout: .seconds(10))
          )
        }
        #expect(last?.offset == 2)
        #expect(last?.timestampMilliseconds == 1_700_000_000_002)
        #expect(none == nil)

        try await member.calling {
          try $0.seek([(partitions[0], 3), (partitions[1], 0)])
          try $0.resume(partitions)
        }
        let record = try #require(await member.record())
        #expect(record.offset == 3)
        #expect(record.withValue { String(decoding: $0, as: UTF8.self) } == "value 3")
        #expect(record.withKey { $0.map { String(decoding: $0, as: UTF8.self) } } == "key")
        let headers = record.withHeaders { headers in
          headers.map {
            [
              String(decoding: $0.name, as: UTF8.self),
              String(decoding: $0.value ?? UnsafeRawBufferPointer(start: nil, count: 0), as: UTF8.self),
            ]
          }
        }
        #expect(headers == [["number", "3"]])
        #expect(await member.record()?.offset == 4)
        let ends = Set([await end(member), await end(member)])
        #expect(ends == [[partitions[0]: 5], [partitions[1]: 0]])
        try await member.calling { try $0.commit([partitions[0]: 5]) }
        await member.close()
      }
    }

    private func end(_ member: KafkaTestConsumer) async -> [TopicPartition: Int64]? {
      await member.next { if case .endOfPartition(let partition, let offset) = $0 { [partition: offset] } else { nil } }
    }

    @Test func seekNamesThePartitionThatIsNotAssigned() async throws {
      try await KafkaTestServer.withTopic { server, topic in
        let member = try KafkaTestConsumer(server, groupID: KafkaTestServer.unique("group"), topics: [topic])
        _ = await member.assigned()
        let foreign = TopicPartition(topic: topic, partition: 7)
        // No time at all: whether it is assigned is known without asking the broker.
        await #expect { try await member.calling { try $0.seek([(foreign, 0)], timeout: .zero) } } throws: {
          ($0 as? KafkaError)?.topicPartition == foreign && ($0 as? KafkaError)?.code == .unknownPartition
        }
        await member.close()
      }
    }

    @Test func pauseHoldsRecordsBackAndResumeBringsThemInOrder() async throws {
      try await KafkaTestServer.withTopic { server, topic in
        let partition = TopicPartition(topic: topic, partition: 0)
        let member = try KafkaTestConsumer(server, groupID: KafkaTestServer.unique("group"), topics: [topic])
        _ = await member.assigned()
        try await member.calling {
          try $0.seek([(partition, 0)])
          try $0.resume([partition])
          try $0.pause([partition])
        }
        try await produce(3, to: topic, partition: 0, on: server)
        #expect(await member.records(for: .milliseconds(700)).isEmpty)
        try await member.calling { try $0.resume([partition]) }
        for offset in 0..<3 { #expect(await member.record()?.offset == Int64(offset)) }
        await member.close()
      }
    }

    @Test func offsetOutsideOfTheLogIsAnErrorAndNoReset() async throws {
      try await KafkaTestServer.withTopic { server, topic in
        let partition = TopicPartition(topic: topic, partition: 0)
        try await produce(2, to: topic, partition: 0, on: server)
        let member = try KafkaTestConsumer(server, groupID: KafkaTestServer.unique("group"), topics: [topic])
        _ = await member.assigned()
        // As a worker does: librdkafka may still be finding the log's beginning, which would undo the seek.
        _ = try await member.calling { try $0.watermarks(of: partition, timeout: .seconds(10)) }
        #expect(await member.records(for: .milliseconds(700)).isEmpty)
        try await member.calling {
          try $0.seek([(partition, 99)])
          try $0.resume([partition])
        }
        let error = await member.next { if case .error(let error) = $0 { error } else { nil } }
        #expect(error?.code == .noOffset)
        #expect(error?.topicPartition == partition)
        #expect(await member.records(for: .milliseconds(300)).isEmpty)
        await member.close()
      }
    }

    @Test func revokedPartitionsStayUntilTheirRevocationIsFinished() async throws {
      try await KafkaTestServer.withTopic(partitions: 4) { server, topic in
        let group = KafkaTestServer.unique("group")
        let first = try KafkaTestConsumer(server, groupID: group, topics: [topic])
        #expect(await first.assigned()?.count == 4)
        let second = try KafkaTestConsumer(server, groupID: group, topics: [topic])
        async let joined = second.assigned(within: .seconds(40))
        let revoked = try #require(
          await first.next(within: .seconds(40)) { if case .revoking(let partitions) = $0 { partitions } else { nil } })
        #expect(revoked.count == 2)
        // Still held: the commit in flight may end.
        let held = try await first.calling { $0.assignment }
        #expect(Set(revoked).isSubset(of: held))
        try await first.calling { try $0.finishRevocation(revoked) }
        // The first goes on polling so that the group can finish.
        let polling = Task { await first.records(for: .seconds(40)) }
        #expect(await joined?.sorted() == revoked.sorted())
        polling.cancel()
        await second.close()
        _ = await polling.value
        await first.close()
      }
    }

    @Test func closingWithAnUnfinishedRevocationDoesNotHang() async throws {
      try await KafkaTestServer.withTopic(partitions: 2) { server, topic in
        let group = KafkaTestServer.unique("group")
        let first = try KafkaTestConsumer(server, groupID: group, topics: [topic])
        _ = await first.assigned()
        let second = try KafkaTestConsumer(server, groupID: group, topics: [topic])
        async let joined = second.assigned(within: .seconds(40))
        _ = try #require(
          await first.next(within: .seconds(40)) { if case .revoking(let partitions) = $0 { partitions } else { nil } })
        let clock = ContinuousClock()
        let started = clock.now
        await first.close()
        #expect(clock.now - started < .seconds(10))
        #expect(await joined != nil)
        await second.close()
        await second.close()
      }
    }

    @Test func recordsOutliveTheirConsumer() async throws {
      try await KafkaTestServer.withTopic { server, topic in
        try await produce(1, to: topic, partition: 0, on: server)
        let member = try KafkaTestConsumer(server, groupID: KafkaTestServer.unique("group"), topics: [topic])
        _ = await member.assigned()
        let partition = TopicPartition(topic: topic, partition: 0)
        try await member.calling {
          try $0.seek([(partition, 0)])
          try $0.resume([partition])
        }
        let record = try #require(await member.record())
        await member.close()
        #expect(record.withValue { String(decoding: $0, as: UTF8.self) } == "value 0")
      }
    }

    @Test func aTopicsSettingsAreToldByARealBroker() async throws {
      try await KafkaTestServer.withTopic { server, topic in
        let settings = server.settings
        let told = await BlockingThread().run {
          try? KafkaAdmin(settings: settings, logger: .silent).configuration(
            of: topic, timeout: .seconds(KafkaTestServer.isReal ? 30 : 1))
        }
        guard KafkaTestServer.isReal else {
          // The broker inside librdkafka does not know the question.
          #expect(told == nil)
          return
        }
        #expect(told?["cleanup.policy"] == "delete")
        #expect(told.map { TopicSettings($0) }?.isCompacted == false)
      }
    }
  }
}
