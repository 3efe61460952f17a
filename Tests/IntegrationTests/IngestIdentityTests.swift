import Foundation
import ImageTypes
import Ingest
import KafkaIO
import LearningEvents
import Persistence
import PostgresIO
import TestSupport
import Testing

extension Broker {
  /// Ids are bytes: two that only look alike, or are canonically equivalent to each other, are two; together in a batch
  /// as much as apart, whichever comes first.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct IngestIdentityTests {
    /// What looks alike or is canonically equivalent, of the cases that docs/events gives an LMS.
    static let twins = Result {
      struct Document: Decodable {
        struct Twins: Decodable { let one, other: String }
        let twins: [Twins]
      }
      let file = TestTools.root.appending(path: "docs/events/cases.json")
      return try JSONDecoder().decode(Document.self, from: Data(contentsOf: file)).twins.map { ($0.one, $0.other) }
    }

    private static let now = IngestBench.now
    private static let lms = "https://lms.example"

    /// One frame and what must become of it.
    private struct Sent {
      var frame: FrameEvent
      var expectation: FaultJournal.Expectation

      init(
        _ number: Int, source: String = IngestIdentityTests.lms, session: String, learner: String, course: String = "c",
        segment: String? = nil, expect: FaultJournal.Expectation = .sample
      ) {
        frame = FrameEvent(
          id: .init("f-\(number)"), source: .init(source), sessionID: .init(session), sequence: Int32(number),
          learnerID: .init(learner), courseID: .init(course), segmentID: segment.map { .init($0) },
          capturedAt: IngestIdentityTests.now.advanced(by: .milliseconds(number)), imageType: .png)
        expectation = expect
      }
    }

    /// Two frames of each twin in turn, the first twin first and then the other way round in ids of their own.
    private static func inTurn(_ frame: (_ number: Int, _ isFirst: Bool, _ name: (String) -> String) -> [Sent])
      -> [Sent]
    {
      [true, false].flatMap { firstLeads in
        (0..<2).flatMap { number in
          [firstLeads, !firstLeads].flatMap { isFirst in frame(number, isFirst) { "\($0)-\(firstLeads)" } }
        }
      }
    }

    private static func course(_ id: String, source: String = Self.lms, segments: [String] = []) -> ControlEvent {
      .course(
        CourseEvent(
          eventID: "e", source: .init(source), time: now, courseID: .init(id), title: "Course",
          segments: segments.enumerated().map { index, id in
            SegmentDefinition(
              id: .init(id), title: "Part", ordinal: Int32(index),
              range: .media(startMilliseconds: Int64(index), endMilliseconds: Int64(index + 1)))
          }))
    }

    private static func consent(_ learner: String, source: String = Self.lms) -> ControlEvent {
      .consent(
        ConsentEvent(
          eventID: "e", source: .init(source), time: now, learnerID: .init(learner), scope: .analytics, granted: true))
    }

    /// Stores the frames in batches of `batch`, of one partition, and has the independent checker judge every row.
    private func store(_ sent: [Sent], after events: [ControlEvent], batch: Int) async throws {
      try await IngestBench.run(partitions: 1) { bench in
        try await bench.apply(events)
        for (number, sent) in sent.enumerated() {
          try await bench.send(
            sent.frame, image: IngestPictures.picture(number), partition: 0, expect: sent.expectation)
        }
        let worker = bench.start(IngestRecognizer()) { settings in
          settings.judge.grace = .zero
          settings.batchRecords = batch
          settings.batchAge = .seconds(20)
        }
        try await bench.settle(Int64(sent.count), by: worker, within: .seconds(180))
        try await worker.stop()
        let refused = try await bench.rejects(partition: 0)
        let expected = sent.enumerated().filter { $0.element.expectation.rawValue != "sample" }
        #expect(refused.map { Int($0.offset) } == expected.map(\.offset))
        #expect(refused.map { "reject:\($0.code)" } == expected.map(\.element.expectation.rawValue))
        try await bench.judge()
      }
    }

    @Test(arguments: [true, false])
    func theFaceOfATwinWhoDidNotConsentIsNotLookedAt(_ isOneBatch: Bool) async throws {
      var events = [Self.course("c")]
      let sent = try Self.twins.get().enumerated().flatMap { pair, twins in
        Self.inTurn { number, isFirst, name in
          let learner = name("l\(pair)-\(isFirst ? twins.0 : twins.1)")
          if isFirst { events.append(Self.consent(learner)) }
          return [
            Sent(
              number, session: name("s\(pair)-\(isFirst)"), learner: learner,
              expect: isFirst ? .sample : .rejected(as: .noConsent))
          ]
        }
      }
      try await store(sent, after: events, batch: isOneBatch ? sent.count : 1)
    }

    @Test(arguments: [true, false])
    func sessionsOfTwinNamesAreTwo(_ isOneBatch: Bool) async throws {
      let events = [Self.course("c"), Self.consent("a"), Self.consent("b")]
      let sent = try Self.twins.get().enumerated().flatMap { pair, twins in
        // Of one learner, and of two: the same numbers in both.
        Self.inTurn { number, isFirst, name in
          let session = isFirst ? twins.0 : twins.1
          var one = Sent(number, session: name("one\(pair)-\(session)"), learner: "a")
          // Other capture times, so that one session would have reused numbers.
          if !isFirst { one.frame.capturedAt = one.frame.capturedAt.advanced(by: .seconds(1)) }
          return [one, Sent(number, session: name("two\(pair)-\(session)"), learner: isFirst ? "a" : "b")]
        }
      }
      try await store(sent, after: events, batch: isOneBatch ? sent.count : 1)
    }

    @Test(arguments: [true, false])
    func coursesSourcesAndSegmentsOfTwinNamesAreTwo(_ isOneBatch: Bool) async throws {
      var events = [Self.consent("a")]
      let sent = try Self.twins.get().enumerated().flatMap { pair, twins in
        Self.inTurn { number, isFirst, name in
          let twin = isFirst ? twins.0 : twins.1
          let (course, source) = (name("c\(pair)-\(twin)"), name("https://k.example/\(pair)-\(twin)"))
          if number == 0 {
            // Of the courses the first is announced, at the sources the learner of the first consents.
            if isFirst {
              events += [Self.course(course, segments: [twins.0, twins.1]), Self.consent("u1", source: source)]
            }
            events.append(Self.course("c", source: source))
          }
          return [
            Sent(
              number, session: name("c\(pair)-\(isFirst)"), learner: "a", course: course, segment: twin,
              expect: isFirst ? .sample : .rejected(as: .unknownCourse)),
            Sent(
              number, source: source, session: name("u\(pair)"), learner: "u1",
              expect: isFirst ? .sample : .rejected(as: .noConsent)),
          ]
        }
      }
      try await store(sent, after: events, batch: isOneBatch ? sent.count : 1)
    }
  }
}
