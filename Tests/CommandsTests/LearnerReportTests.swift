import Arguments
import ArgumentsTestSupport
import Commands
import ImageTypes
import LearningEvents
import Persistence
import Testing
import TextOutput

/// What commands about learners, events and frames print, from values that a server would have given.
@Suite struct LearnerReportTests {
  private let time = EventTime(microseconds: 1_764_000_000_000_000)

  private func holdings(_ count: Int64) -> LearnerHoldings {
    LearnerHoldings(
      sessions: count, samples: 10 * count, rollupRows: 3 * count, firstCapturedAt: count > 0 ? time : nil,
      lastCapturedAt: count > 0 ? time.advanced(by: .seconds(90)) : nil)
  }

  @Test func anErasureThatWasOnlyAskedAbout() throws {
    let receipt = EraseReceipt(holdings(2))
    #expect(
      receipt.text == """
        samples      20 stored
        captured     2025-11-24T16:00:00Z to 2025-11-24T16:01:30Z
        sessions     2 stored
        rollup rows  6 stored

        """)
    #expect(!receipt.isUnfinished)
    #expect(EraseReceipt(holdings(0)).text == "samples      0 stored\nsessions     0 stored\nrollup rows  0 stored\n")
    #expect(
      try printedJSON(EraseReceipt(holdings(0)))
        == #"{"done":false,"rollupRows":0,"samples":0,"sessions":0}"# + "\n")
  }

  @Test func anErasure() throws {
    func receipt(isComplete: Bool) -> EraseReceipt {
      EraseReceipt(
        holdings(2), ErasureOrder(id: 7, cutoff: time.advanced(by: .seconds(100))),
        ErasureReceipt(
          id: 7, cutoff: time, isPending: !isComplete, samplesRemoved: 21, sessionsRemoved: 2,
          isComplete: isComplete), after: holdings(0),
        kafka: ControlNotice(pictures: .until(time.advanced(by: .seconds(345_600))), ids: .forEver))
    }
    #expect(
      receipt(isComplete: true).text == """
        erasure      7, for all that is captured until 2025-11-24T16:01:40Z
        samples      21 removed
        captured     2025-11-24T16:00:00Z to 2025-11-24T16:01:30Z
        sessions     2 removed
        rollup rows  6 removed
        stored now   0 samples, 0 sessions, 0 rollup rows
        Kafka        told; keeps pictures until 2025-11-28T16:00:00Z at the latest, ids for ever, by its settings

        """)
    #expect(!receipt(isComplete: true).isUnfinished && receipt(isComplete: false).isUnfinished)
    #expect(
      try printedJSON(receipt(isComplete: true))
        == #"{"cutoff":"2025-11-24T16:01:40Z","done":true,"erasure":7,"firstCapturedAt":"2025-11-24T16:00:00Z","#
        + #""kafka":{"ids":"for ever","pictures":"2025-11-28T16:00:00Z","told":true},"#
        + #""lastCapturedAt":"2025-11-24T16:01:30Z","left":{"rollupRows":0,"samples":0,"sessions":0},"rollupRows":6,"#
        + #""samples":21,"sessions":2}"# + "\n")
  }

  @Test func whatKafkaWasToldOfAWithdrawal() throws {
    let untold = ControlNotice(problem: "Kafka: it is away")
    #expect(
      untold.text
        == "not told: Kafka: it is away; keeps pictures for as long as its topic is set to, ids for as long as its topic "
        + "is set to")
    #expect(
      try printedJSON(untold)
        == #"{"ids":"unknown","pictures":"unknown","problem":"Kafka: it is away","told":false}"# + "\n")
  }

  @Test func whoIsUnknown() {
    let source: SourceID = "https://lms.example"
    #expect(
      UnknownLearner(LearnerKnowledge(learnerIsKnown: false, sourceIsKnown: true, knownSources: []), source: source)
        .description == """
          nothing is known of this learner of 'https://lms.example': no consent, no session, no erasure; nothing was \
          changed. An id is its bytes: spell it as the LMS does
          """)
    let known = LearnerKnowledge(learnerIsKnown: false, sourceIsKnown: false, knownSources: [source])
    #expect(
      UnknownLearner(known, source: "https://lms.example/", remedy: "; --unknown does it").description == """
        no course or session of 'https://lms.example/' is known, nor this learner; nothing was changed. \
        Known: 'https://lms.example'; --unknown does it
        """)
  }

  private func recorded(_ number: UInt64, _ scope: ConsentEvent.Scope, _ granted: Bool) -> RecordedConsent {
    RecordedConsent(
      learner: LearnerPseudonym(high: 0, low: number), scope: scope,
      stated: StatedConsent(granted: granted, time: time), since: granted ? time.advanced(by: .seconds(-60)) : nil,
      recordedAt: time.advanced(by: .seconds(1)))
  }

  @Test func aLearner() throws {
    let summary = LearnerSummary(
      holdings: holdings(2), consents: [recorded(7, .analytics, true), recorded(7, .research, false)],
      erasures: [
        ErasureRecord(
          id: 3, reason: "revocation", cutoff: time, isPending: false, samplesRemoved: 12, sessionsRemoved: 0)
      ])
    #expect(
      summary.text == """
        consent    state    covers from           said                  recorded
        analytics  granted  2025-11-24T15:59:00Z  2025-11-24T16:00:00Z  2025-11-24T16:00:01Z
        research   revoked  -                     2025-11-24T16:00:00Z  2025-11-24T16:00:01Z

        withdrawn by  captured until        state    number  samples  sessions
        revocation    2025-11-24T16:00:00Z  deleted       3       12         0

        samples      20
        captured     2025-11-24T16:00:00Z to 2025-11-24T16:01:30Z
        sessions     2
        rollup rows  6

        """)
    #expect(try !printedJSON(summary).contains(LearnerPseudonym(high: 0, low: 7).uuid))
  }

  @Test func consentsByPseudonym() throws {
    let all = [recorded(7, .analytics, true), recorded(8, .analytics, false)]
    let page = ConsentPage(all, limit: 1)
    #expect(
      page.text == """
        learner                               consent    state    covers from           said                  recorded
        00000000-0000-0000-0000-000000000007  analytics  granted  2025-11-24T15:59:00Z  2025-11-24T16:00:00Z  2025-11-24T16:00:01Z
        next page: --after 00000000-0000-0000-0000-000000000007:analytics

        """)
    #expect(!ConsentPage(all, limit: 2).text.contains("next page"))
    #expect(
      try printedJSON(ConsentPage(all, limit: 2)).contains(
        #""saidAt":"2025-11-24T16:00:00Z","scope":"analytics","since":"2025-11-24T15:59:00Z"}"#))
  }

  @Test func consent() {
    let event = ConsentEvent(
      eventID: "e", source: "https://lms.example", time: time, learnerID: "ada", scope: .analytics, granted: true)
    let later = time.advanced(by: .seconds(5))
    #expect(ConsentAnswer(.holds(asOf: time), to: event).text == "1 applied\n")
    #expect(
      ConsentAnswer(.holds(asOf: later), to: event).text
        == "1 applied, as of 2025-11-24T16:00:05Z: what was said for that time is overruled\n")
    let refused = ConsentAnswer(.superseded(by: StatedConsent(granted: false, time: later)), to: event)
    #expect(!refused.isApplied)
    #expect(
      refused.text
        == "refused: consent of scope analytics is revoked as of 2025-11-24T16:00:05Z, "
        + "which is not before 2025-11-24T16:00:00Z; nothing was changed\n")
    #expect(ControlAnswer.text(ControlResult(applied: 4, superseded: 0, rejects: 0)) == "4 applied\n")
    #expect(
      ControlAnswer.text(ControlResult(applied: 4, superseded: 1, rejects: 0))
        == "4 applied, 1 of them superseded: a newer event stands\n")
  }

  @Test func eventsThatPassNameNobody() throws {
    let frame = FrameEvent(
      id: "event-1", source: "https://lms.example", sessionID: "session-ada", sequence: 7, learnerID: "ada",
      courseID: "math", segmentID: "part-\u{202e}1", mediaPositionMilliseconds: 70_000, capturedAt: time,
      imageType: .jpeg)
    func line(_ content: TapLine.Content, isStructured: Bool = false) -> TapLine {
      TapLine(
        partition: 0, offset: 1234, timestampMilliseconds: 1_764_000_000_500, byteCount: 4096,
        isStructured: isStructured, content)
    }
    let shown = line(.frame(frame, imageByteCount: 4000))
    #expect(
      shown.text
        == "0/1234 2025-11-24T16:00:00.500000Z frame binary bytes=4096 source=https://lms.example course=math id=event-1 "
        + "segment=part-\\u{202e}1 sequence=7 "
        + "captured=2025-11-24T16:00:00Z image=image/jpeg image_bytes=4000 media_ms=70000\n")
    #expect(try !printedJSON(shown).contains("ada"))
    let consent = ConsentEvent(
      eventID: "event-1", source: "https://lms.example", time: time, learnerID: "ada", scope: .analytics,
      granted: false)
    #expect(
      line(.control(.consent(consent)), isStructured: true).text
        == "0/1234 2025-11-24T16:00:00.500000Z consent structured bytes=4096 source=https://lms.example id=event-1 "
        + "scope=analytics granted=false "
        + "said=2025-11-24T16:00:00Z\n")
    let session = SessionEvent(
      eventID: "event-1", source: "https://lms.example", time: time, sessionID: "ada",
      frameIntervalMilliseconds: 10_000)
    #expect(
      line(.control(.session(session)), isStructured: true).text
        == "0/1234 2025-11-24T16:00:00.500000Z session structured bytes=4096 source=https://lms.example id=event-1 "
        + "interval_ms=10000 said=2025-11-24T16:00:00Z\n"
    )
    let course = CourseEvent(
      eventID: "event-1", source: "https://lms.example", time: time, courseID: "math", title: "Ada's course",
      segments: [])
    #expect(
      line(.control(.course(course)), isStructured: true).text
        == "0/1234 2025-11-24T16:00:00.500000Z course structured bytes=4096 source=https://lms.example course=math "
        + "id=event-1 segments=0 said=2025-11-24T16:00:00Z "
        + "warning=\"the course has no segments: no figure of it is ever shown\"\n")
    #expect(
      line(.bad(EventError("ce_time", "missing"), EventReference(source: "s", eventID: "e"))).text
        == "0/1234 2025-11-24T16:00:00.500000Z bad binary bytes=4096 source=s id=e reason=\"ce_time: missing\"\n")
    // A time that cannot be is none.
    let odd = TapLine(
      partition: 3, offset: 0, timestampMilliseconds: .max, byteCount: 0, isStructured: false,
      .bad(EventError("value", "empty"), EventReference()))
    #expect(odd.text == "3/0 - bad binary bytes=0 reason=\"value: empty\"\n")
    #expect(
      try printedJSON(odd)
        == #"{"bytes":0,"mode":"binary","offset":0,"partition":3,"reason":"value: empty","type":"bad"}"# + "\n")
  }

  @Test func published() throws {
    let summary = PublishSummary(published: 300, failed: 0, bytes: 123_456, seconds: 2.04)
    #expect(summary.text == "300 frames published, 123456 bytes, 2.0 s\n")
    #expect(
      try printedJSON(summary)
        == #"{"bytes":123456,"failed":0,"framesPerSecond":147.1,"published":300,"seconds":2.04}"# + "\n")
  }

  @Test func theDemo() throws {
    func summary(stored: Int64, isSynthetic: Bool) -> DemoSummary {
      DemoSummary(
        published: 630, stored: stored, rejected: 28, duplicates: 2, rejects: [(.noConsent, 27), (.badImage, 1)],
        segments: 6, seconds: 12.34, reportPath: "/demo/report.html", url: "http://127.0.0.1:8080/",
        isSynthetic: isSynthetic, isTrained: !isSynthetic)
    }
    #expect(
      summary(stored: 600, isSynthetic: true).text(isServing: true) == """

        published   630 frames
        stored      600
        rejected    28  (1 bad_image, 27 no_consent)
        duplicates  2
        rate        51.05 frames a second over 12.3 s
        report      /demo/report.html
        The network is untrained: the figures show the software at work and say nothing about anyone.
        The faces are drawn; nobody is in them.

        open http://127.0.0.1:8080/    (Ctrl-C ends)

        """)
    #expect(summary(stored: 600, isSynthetic: false).text(isServing: false).hasSuffix("/demo/report.html\n"))
    #expect(summary(stored: 600, isSynthetic: true).addsUp && !summary(stored: 599, isSynthetic: true).addsUp)
    #expect(
      try printedJSON(summary(stored: 600, isSynthetic: true))
        == #"{"duplicates":2,"framesPerSecond":51.05,"framesPublished":630,"lag":0,"rejected":28,"#
        + #""rejectsByCode":{"bad_image":1,"no_consent":27},"reportPath":"/demo/report.html","seconds":12.3,"#
        + #""segments":6,"stored":600,"syntheticFaces":true,"trainedModel":false,"url":"http://127.0.0.1:8080/"}"#
        + "\n")
  }
}
