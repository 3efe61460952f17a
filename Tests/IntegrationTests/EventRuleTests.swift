import Foundation
import Ingest
import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import Telemetry
import TestSupport
import Testing

extension Broker {
  /// What a worker makes of events that say more, or less, than they may.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct EventRuleTests {
    private func rejects(_ bench: IngestBench) async throws -> [RejectedRecord] {
      try await RejectRepository(connection: bench.owner).records(RejectFilter(), limit: 100)
    }

    private func consent(_ bench: IngestBench) async throws -> Int64 {
      try await bench.number("SELECT count(*) FROM lectern.consent WHERE granted")
    }

    private func controlApplied(_ count: Int64, _ bench: IngestBench) async throws {
      let repository = LedgerRepository(connection: bench.owner)
      try await bench.wait(for: "\(count) control records are accounted for") {
        try await repository.totals(topic: bench.controlTopic, clusterID: bench.clusterID).accounted >= count
      }
    }

    /// A frame from before the consent is a reject that the LMS finds by its own ids.
    @Test func aFrameFromBeforeTheConsentStaysRejected() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let now = IngestBench.now
        try await bench.apply([
          IngestBench.courseEvent(), IngestBench.consentEvent(learner: IngestBench.learner(0), at: now),
        ])
        let before = IngestBench.frame(session: "s", sequence: 0, capturedAt: now.advanced(by: .seconds(-60)))
        try await bench.send(before, image: IngestPictures.picture(1), expect: .rejected(as: .noConsent))
        try await bench.send(
          IngestBench.frame(session: "s", sequence: 1, capturedAt: now.advanced(by: .seconds(1))),
          image: IngestPictures.picture(2),
          expect: .sample)
        let worker = bench.start(IngestRecognizer())
        try await bench.settle(2, by: worker)
        try await worker.stop()
        let found = try await rejects(bench)
        #expect(found.map(\.code) == [.noConsent])
        #expect(found.map(\.detail) == ["captured before consent was given"])
        #expect(
          found.map(\.reference)
            == [EventReference(source: before.source, courseID: before.courseID, eventID: before.id)])
        #expect(try await bench.samples().count == 1)
      }
    }

    /// One LMS a topic: whoever else may produce there is nobody.
    @Test func onlyTheListedSourcesAreTaken() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        let good = IngestBench.frame(session: "s", sequence: 0)
        var foreign = IngestBench.frame(session: "t", sequence: 0)
        foreign.source = "https://other.\(IngestBench.marker).example"
        try await bench.send(good, image: IngestPictures.picture(1), expect: .sample)
        try await bench.send(foreign, image: IngestPictures.picture(2), expect: .rejected(as: .badEvent))
        let event = ConsentEvent(
          eventID: "x", source: foreign.source, time: IngestBench.now, learnerID: IngestBench.learner(9),
          scope: .analytics, granted: true)
        try await bench.send(.consent(event))
        let worker = bench.start(IngestRecognizer()) {
          $0.sources = EventSources(configurationText: "other.topic=https://else.example,\(IngestBench.source.text)")!
        }
        try await bench.settle(2, by: worker)
        try await controlApplied(1, bench)
        try await worker.stop()
        let found = try await rejects(bench)
        #expect(found.map(\.code) == [.badEvent, .badEvent])
        #expect(found.allSatisfy { $0.detail.hasPrefix("ce_source: not among those that LECTERN_KAFKA_SOURCES") })
        #expect(Set(found.map(\.reference.source)) == [foreign.source])
        #expect(try await consent(bench) == 1)
      }
    }

    @Test func aListWithoutAnLMSOfTheTopicIsRefused() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        let worker = bench.start(IngestRecognizer()) {
          $0.sources = EventSources(configurationText: "\(bench.frameTopic.text)=https://lms.example")!
        }
        await #expect(throws: IngestError.noSource(of: bench.controlTopic)) { try await worker.stop() }
      }
    }

    /// A key that is not the session's costs order and nothing else.
    @Test func foreignKeysAreCounted() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        for (sequence, key) in ["s-\(IngestBench.marker)", "other", ""].enumerated() {
          let frame = IngestBench.frame(session: "s", sequence: Int32(sequence))
          let image = IngestPictures.picture(sequence)
          let event = image.withUnsafeBytes { frame.encoded(image: $0) }
          _ = try await bench.journalled(frame, image: image, expect: .sample) {
            try await bench.send(event.headers, value: event.value, key: Array(key.utf8))
          }
        }
        let registry = MetricsRegistry()
        let worker = bench.start(IngestRecognizer(), registry: registry)
        try await bench.settle(3, by: worker)
        #expect(registry.prometheusText().contains("lectern_ingest_foreign_keys_total 2\n"))
        try await worker.stop()
        #expect(try await bench.samples().count == 3)
      }
    }

    /// A consent of the year after next is no event; the revocation that follows, in an SDK's binary mode, is one.
    @Test func controlEventsOfTheFutureAndOfBinaryMode() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        let (now, learner) = (IngestBench.now, IngestBench.learner(0))
        let future = IngestBench.consentEvent(learner: learner, at: now.advanced(by: .seconds(700 * 86_400)))
        try await bench.send(future)
        // Whoever's clock is wrong dates the record so, too.
        let record = future.encoded()
        var isTaken = true
        do {
          _ = try await bench.producer.produce(
            topic: bench.controlTopic, key: record.key, headers: record.headers, value: record.value,
            timestampMilliseconds: future.time.milliseconds)
        } catch let error as KafkaError where error.code == .invalidTimestamp {
          // Kafka 4 takes none that is more than an hour ahead.
          isTaken = false
        }
        let revocation = ConsentEvent(
          eventID: "r", source: IngestBench.source, time: now, learnerID: learner, scope: .analytics, granted: false)
        let data = #"{"learner_id":"\#(learner.text)","scope":"analytics","granted":false}"#
        let headers: [EventHeader] = [
          EventHeader("content-type", "application/json"), EventHeader("ce_specversion", "1.0"),
          EventHeader("ce_id", revocation.eventID.text), EventHeader("ce_source", revocation.source.text),
          EventHeader("ce_time", now.rfc3339), EventHeader("ce_type", "org.lectern.consent.v1"),
        ]
        _ = try await bench.producer.produce(
          topic: bench.controlTopic, key: Array(learner.utf8), headers: headers, value: Array(data.utf8))
        // Too old to change anything any more: nobody consents.
        try await bench.send(IngestBench.consentEvent(learner: learner, granted: false, at: IngestBench.longAgo))
        let worker = bench.start(IngestRecognizer())
        try await controlApplied(isTaken ? 4 : 3, bench)
        try await worker.stop()
        #expect(try await consent(bench) == 0)
        let found = try await rejects(bench)
        #expect(found.count == (isTaken ? 2 : 1))
        for reject in found {
          #expect(reject.detail == "time: more than 1 d after its record: the clock that made it runs ahead")
          #expect(reject.reference.eventID == EventID("a-\(IngestBench.marker)"))
        }
      }
    }

    /// The log says that a revocation came too late to be one, and names nobody.
    @Test func aRevocationThatIsOverruledIsLogged() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.apply([
          IngestBench.courseEvent(), IngestBench.consentEvent(learner: IngestBench.learner(0), at: IngestBench.now),
        ])
        try await bench.send(
          IngestBench.consentEvent(learner: IngestBench.learner(0), granted: false, at: IngestBench.longAgo))
        let registry = MetricsRegistry()
        let worker = bench.start(IngestRecognizer(), registry: registry)
        try await controlApplied(1, bench)
        // A worker counts what it stored once the commit has come back.
        try await worker.stop()
        #expect(registry.prometheusText().contains("lectern_ingest_overruled_revocations_total 1\n"))
        #expect(try await consent(bench) == 1)
        let lines = bench.logLines.filter { $0.contains("stands over revocations") }
        #expect(lines.count == 1 && !lines[0].contains(IngestBench.marker))
      }
    }

    @Test func aSourceThatNearlyIsAKnownOneIsSaid() async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.announce()
        var frame = IngestBench.frame(session: "s", sequence: 0, capturedAt: IngestBench.now)
        frame.source = SourceID(frame.source.text + "/")
        try await bench.send(frame, image: IngestPictures.picture(1), expect: .rejected(as: .unknownCourse))
        let worker = bench.start(IngestRecognizer()) { $0.judge.grace = .zero }
        try await bench.settle(1, by: worker)
        try await worker.stop()
        let found = try await rejects(bench)
        #expect(found.map(\.code) == [.unknownCourse])
        #expect(found.first?.detail.hasSuffix("one that differs in case or a last slash alone") == true)
      }
    }
  }
}
