import Foundation
import LearningEvents
import Recognition
import Testing
import Vision

/// Frames of one session that are in work at once, and what comes late.
@Suite struct PipelineOverlapTests {
  private func frame(_ second: Int64) -> FrameTrack {
    FrameTrack(session: 1, capturedAt: EventTime(microseconds: 1_700_000_000_000_000 + second * 1_000_000))
  }

  private func finder(_ detector: any FaceDetecting, _ reuse: FaceReuse) -> FaceFinder {
    FaceFinder(detector: detector, reuse: reuse)
  }

  /// Each of four frames has begun before any of them ends, round after round.
  @Test func framesAtOnceShareOneBound() async throws {
    let detector = MeetingDetector(callers: 4)
    let finder = finder(detector, FaceReuse(maximumAge: .seconds(1000), maximumFrames: 6))
    _ = try finder.face(in: ScriptedDetector.picture(), track: frame(0))
    var looks: [[String]] = []
    for round in 0..<2 as Range<Int64> {
      detector.meet()
      await withTaskGroup(of: Void.self) { group in
        for lane in 1...4 as ClosedRange<Int64> {
          let frame = frame(4 * round + lane)
          // Blocks: not for the cooperative pool.
          group.addTask {
            await withCheckedContinuation { continuation in
              Thread.detachNewThread {
                _ = try? finder.face(in: ScriptedDetector.picture(), track: frame)
                continuation.resume()
              }
            }
          }
        }
      }
      looks.append(detector.leave())
    }
    #expect(looks == [["local", "local", "local", "local"], ["local", "local", "whole", "whole"]])
  }

  /// A frame began from a face, and while it is looked at a later one is looked at as a whole and itself followed: when
  /// the first ends, it must not put back a count from before.
  @Test func aFrameThatEndsLateDoesNotUndoTheCount() throws {
    let detector = NestedDetector()
    let finder = finder(detector, FaceReuse(maximumAge: .seconds(1000), maximumFrames: 2))
    func look(_ second: Int64, inside: (@Sendable () throws -> Void)? = nil) throws -> FoundFace.Origin? {
      detector.inside = inside
      return try finder.face(in: ScriptedDetector.picture(), track: frame(second))?.origin
    }
    let overlapping = [frame(1), frame(2), frame(3), frame(4)]
    #expect(try look(0) == .frontal)
    // Of the frames within, the first takes the second of two places, the second looks at the whole picture, and the
    // others take the two places since.
    let first = try look(5) {
      for frame in overlapping {
        _ = try finder.face(in: ScriptedDetector.picture(), track: frame)
      }
    }
    #expect(first == .reused)
    #expect(detector.calls == ["whole", "local", "local", "whole", "local", "local"])
    #expect(try look(6) == .frontal)
    #expect(try look(7) == .reused)
  }

  @Test func nobodyIsRememberedTooSoThatALateFrameLeavesNoTrace() throws {
    let detector = ScriptedDetector()
    let finder = detector.finder()
    func origin(_ second: Int64, code: UInt8 = 1) throws -> FoundFace.Origin? {
      try finder.face(in: ScriptedDetector.picture(code: code), track: frame(second))?.origin
    }
    #expect(try origin(5, code: ScriptedDetector.empty) == nil)
    // Late: where it had a face says nothing about the frames after the empty one.
    #expect(try origin(3) == .frontal)
    #expect(try origin(6) == .frontal)
    #expect(try origin(7) == .reused)
  }

  @Test func sessionsWithoutAFaceAreBoundedToo() throws {
    let finder = ScriptedDetector().finder(FaceReuse(sessions: 8))
    func origin(_ second: Int64, _ session: Int64, code: UInt8 = 1) throws -> FoundFace.Origin? {
      var frame = frame(second)
      frame.session = session
      return try finder.face(in: ScriptedDetector.picture(code: code), track: frame)?.origin
    }
    #expect(try origin(5, 1, code: ScriptedDetector.empty) == nil)
    for session in 2..<100 as Range<Int64> { #expect(try origin(5, session, code: ScriptedDetector.empty) == nil) }
    // The first session is forgotten, empty frame and all; the last is not.
    #expect(try [origin(3, 1), origin(4, 1)] == [.frontal, .reused])
    #expect(try [origin(3, 99), origin(4, 99)] == [.frontal, .frontal])
  }
}

/// Lets no look end before as many have begun as there are callers.
private final class MeetingDetector: FaceDetecting, @unchecked Sendable {
  private let callers: Int
  // Guards everything below.
  private let condition = NSCondition()
  private var isMeeting = false
  private var looks: [String] = []

  init(callers: Int) { self.callers = callers }

  func meet() {
    condition.withLock {
      isMeeting = true
      looks = []
    }
  }

  /// The looks since `meet`, sorted.
  func leave() -> [String] { condition.withLock { looks.sorted() } }

  private func begin(_ look: String) {
    condition.withLock {
      guard isMeeting else { return }
      looks.append(look)
      condition.broadcast()
      let end = Date(timeIntervalSinceNow: 30)
      while looks.count < callers, condition.wait(until: end) {}
    }
  }

  func detect(in image: GrayImage) throws -> FaceDetection {
    begin("whole")
    return FaceDetection(faces: [PixelRect(x: 20, y: 20, width: 60, height: 60)])
  }

  func follow(_ box: PixelRect, seenFrom view: FaceDetection.View, in image: GrayImage) throws -> PixelRect? {
    begin("local")
    return box
  }
}

/// Does something else within one look at a place. Used by one thread.
private final class NestedDetector: FaceDetecting, @unchecked Sendable {
  var inside: (@Sendable () throws -> Void)?
  private(set) var calls: [String] = []

  func detect(in image: GrayImage) throws -> FaceDetection {
    calls.append("whole")
    return FaceDetection(faces: [PixelRect(x: 20, y: 20, width: 60, height: 60)])
  }

  func follow(_ box: PixelRect, seenFrom view: FaceDetection.View, in image: GrayImage) throws -> PixelRect? {
    calls.append("local")
    let body = inside
    inside = nil
    try body?()
    return box
  }
}
