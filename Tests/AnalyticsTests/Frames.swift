import Analytics
import LearningEvents

/// Short ways to write down a session's frames.
enum Frames {
  /// 2026-11-23T09:00:00Z, the zero of the tests' clocks.
  static let start: Int64 = 1_795_424_400_000_000

  static func time(_ milliseconds: Int64) -> EventTime { EventTime(microseconds: start + milliseconds * 1000) }

  /// Six probabilities in ten-thousandths, in the order of `Emotion`.
  static func classified(
    at milliseconds: Int64, _ probabilities: [Int64], sequence: Int32? = nil, media: Int64? = nil,
    hint: SegmentID? = nil
  ) -> TimedFrame {
    TimedFrame(
      capturedAt: time(milliseconds), sequence: sequence ?? Int32(clamping: milliseconds),
      mediaPositionMilliseconds: media, segmentHint: hint, status: .classified,
      distribution: EmotionSums(probabilities))
  }

  static func unseen(
    at milliseconds: Int64, _ status: SampleStatus = .noFace, media: Int64? = nil, hint: SegmentID? = nil
  ) -> TimedFrame {
    TimedFrame(
      capturedAt: time(milliseconds), sequence: Int32(clamping: milliseconds), mediaPositionMilliseconds: media,
      segmentHint: hint, status: status)
  }

  /// A seeded session of up to `count` frames with every status, irregular gaps, pauses and some media positions.
  static func random(count: Int, using generator: inout some RandomNumberGenerator) -> [TimedFrame] {
    var now: Int64 = 0
    return (0..<count).map { index in
      now += Int64.random(in: 0...9000, using: &generator)
      if Int.random(in: 0..<20, using: &generator) == 0 { now += 70_000 }
      let media = Bool.random(using: &generator) ? Int64.random(in: 0..<300_000, using: &generator) : nil
      let status = SampleStatus(rawValue: Int16.random(in: 0...2, using: &generator)) ?? .classified
      guard status == .classified else { return unseen(at: now, status, media: media) }
      var cuts = (0..<5).map { _ in Int64.random(in: 0...10_000, using: &generator) }.sorted()
      cuts.append(10_000)
      var previous: Int64 = 0
      let probabilities = cuts.map { cut in
        defer { previous = cut }
        return cut - previous
      }
      return classified(at: now, probabilities, sequence: Int32(index), media: media)
    }
  }
}

extension CourseSegment {
  /// A segment whose title is of no interest.
  init(key: Int64, id: SegmentID, ordinal: Int32, range: SegmentDefinition.Range) {
    self.init(key: key, SegmentDefinition(id: id, title: id.text, ordinal: ordinal, range: range))
  }
}

extension EmotionSums {
  /// The values in the order of `Emotion`.
  var array: [Int64] { Emotion.allCases.map { self[$0] } }
}
