import Foundation
import ImageTypes
import LearningEvents
import Testing

/// Identity by bytes, whatever Unicode says of the texts.
@Suite struct IdentifierTests {
  @Test func canonicallyEquivalentTextsAreTwoIds() throws {
    for twins in try EventTwins.read() {
      let (one, other) = (SessionID(twins.one), SessionID(twins.other))
      #expect(one != other && Array(one.utf8) != Array(other.utf8))
      #expect(Set([one, other, one]).count == 2)
      #expect([one: 1, other: 2][one] == 1)
      #expect([one: 1, other: 2][other] == 2)
      #expect((one < other) != (other < one))
      #expect((one < other) == one.utf8.lexicographicallyPrecedes(other.utf8))
    }
    // What String says of them, and why it identifies nobody.
    #expect(try EventTwins.read().contains { $0.one == $0.other })
  }

  @Test func equalBytesAreOneIdWhereverTheyAreKept() {
    for length in [0, 1, 7, 8, 9, 15, 16, 17, 31, 200] {
      let text = String(repeating: "x", count: length)
      let copy = String(decoding: Array(text.utf8), as: UTF8.self)
      #expect(CourseID(text) == CourseID(copy))
      #expect(CourseID(text).hashValue == CourseID(copy).hashValue)
      for place in 0..<length {
        var bytes = Array(text.utf8)
        bytes[place] = 0x79
        #expect(CourseID(text) != CourseID(String(decoding: bytes, as: UTF8.self)), "\(length), \(place)")
      }
      #expect(CourseID(text) != CourseID(text + "x"))
    }
  }

  @Test func theOrderIsThatOfTheBytes() {
    let sorted: [CourseID] = ["", "A", "Z", "a", "aa", "a\u{301}", "e\u{301}", "z", "\u{E9}", "\u{212A}", "\u{10000}"]
    #expect(sorted.reversed().sorted() == sorted)
    #expect(sorted.shuffled().sorted() == sorted)
  }

  @Test func aLearnersIdShowsNowhereButWhereItsTextIsAskedFor() throws {
    let raw = "zoe-4711"
    let learner = LearnerID(raw)
    let frame = FrameEvent(
      id: "f", source: "https://lms.example", sessionID: "s", sequence: 0, learnerID: learner, courseID: "c",
      capturedAt: .earliest, imageType: .png)
    let consent = ConsentEvent(
      eventID: "e", source: "https://lms.example", time: .earliest, learnerID: learner, scope: .research, granted: true)
    var dumped = ""
    dump([learner], to: &dumped)
    dump(frame, to: &dumped)
    dump(consent, to: &dumped)
    let shown = [
      "\(learner)", String(describing: learner), String(reflecting: learner), "\([learner: 1])", "\(frame)",
      String(reflecting: frame), "\(ControlEvent.consent(consent))",
      "\(Mirror(reflecting: learner).children.map(\.value))",
      String(decoding: try JSONEncoder().encode([learner]), as: UTF8.self), dumped,
    ]
    for text in shown { #expect(!text.contains(raw), "\(text)") }
    #expect(learner.text == raw)
    #expect("\(frame)".contains("https://lms.example"))
  }
}
