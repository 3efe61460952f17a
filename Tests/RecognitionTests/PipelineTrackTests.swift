import LearningEvents
import Recognition
import Synchronization
import Telemetry
import Testing
import Vision

/// Faces that are looked for where the session's last frame had them.
@Suite struct PipelineTrackTests {
  private func time(_ seconds: Int64) -> EventTime {
    EventTime(microseconds: 1_700_000_000_000_000 + seconds * 1_000_000)
  }

  /// How each frame of a session was looked at, as the seconds of their capture go.
  private func origins(
    _ seconds: [Int64], session: Int64 = 1, in finder: FaceFinder,
    picture: GrayImage = ScriptedDetector.picture()
  ) throws -> [FoundFace.Origin?] {
    try seconds.map {
      try finder.face(in: picture, track: FrameTrack(session: session, capturedAt: time($0)))?.origin
    }
  }

  @Test func laterFramesBeginWhereTheFaceWas() throws {
    let detector = ScriptedDetector()
    let finder = detector.finder()
    #expect(try origins([0, 1, 2], in: finder) == [.frontal, .reused, .reused])
    #expect(detector.calls == ["whole", "local", "local"])
    let found = try finder.face(
      in: ScriptedDetector.picture(), track: FrameTrack(session: 1, capturedAt: time(3)))
    // Two faces were in the whole picture, and each look moved the box by a pixel.
    #expect(found?.count == 2 && found?.faces.count == 1 && found?.box.x == 23)
  }

  @Test func framesWithoutATrackAreLookedAtAsAWhole() throws {
    let detector = ScriptedDetector()
    let finder = detector.finder()
    for _ in 0..<2 { _ = try finder.face(in: ScriptedDetector.picture()) }
    #expect(detector.calls == ["whole", "whole"])
  }

  @Test func aFaceThatIsNotThereIsLookedForEverywhere() throws {
    let detector = ScriptedDetector()
    let finder = detector.finder()
    #expect(try origins([0], in: finder) == [.frontal])
    // The learner has left: the place alone decides nothing, and is forgotten.
    let empty = ScriptedDetector.picture(code: ScriptedDetector.empty)
    #expect(try origins([1, 2], in: finder, picture: empty) == [nil, nil])
    #expect(try origins([3], in: finder) == [.frontal])
    #expect(detector.calls == ["whole", "local", "whole", "whole", "whole"])
  }

  @Test func profilesAreFollowedAsProfiles() throws {
    let detector = ScriptedDetector(view: .profile)
    #expect(try origins([0, 1], in: detector.finder()) == [.profile, .reused])
    #expect(detector.views == [.profile])
  }

  @Test func theWholePictureIsLookedAtAgainInTime() throws {
    let byAge = ScriptedDetector()
    let aged = byAge.finder(FaceReuse(maximumAge: .seconds(3)))
    #expect(try origins([0, 1, 3, 4, 5, 20], in: aged) == [.frontal, .reused, .reused, .frontal, .reused, .frontal])
    let byCount = ScriptedDetector().finder(FaceReuse(maximumAge: .seconds(3600), maximumFrames: 2))
    #expect(try origins([0, 1, 2, 3, 4], in: byCount) == [.frontal, .reused, .reused, .frontal, .reused])
    for never in [FaceReuse(maximumAge: .zero), FaceReuse(maximumFrames: 0)] {
      #expect(try origins([0, 1, 2], in: ScriptedDetector().finder(never)) == [.frontal, .frontal, .frontal])
    }
  }

  @Test func framesOutOfOrderAreLookedAtAsAWholeAndLeaveNoTrace() throws {
    let detector = ScriptedDetector()
    let finder = detector.finder()
    // The same instant again is a second delivery.
    #expect(try origins([5, 3, 5, 6], in: finder) == [.frontal, .frontal, .frontal, .reused])
    #expect(detector.calls == ["whole", "whole", "whole", "local"])
  }

  @Test func anotherSizeOrSessionBeginsAnew() throws {
    let detector = ScriptedDetector()
    let finder = detector.finder()
    _ = try origins([0], in: finder)
    #expect(try origins([1], in: finder, picture: ScriptedDetector.picture(width: 320)) == [.frontal])
    #expect(try origins([2], in: finder, picture: ScriptedDetector.picture()) == [.frontal])
    #expect(try origins([3], session: 2, in: finder) == [.frontal])
    #expect(try origins([3], in: finder) == [.reused])
  }

  @Test func rememberedSessionsAreBounded() throws {
    let finder = ScriptedDetector().finder(FaceReuse(sessions: 8))
    for session in 0..<100 as Range<Int64> { _ = try origins([0], session: session, in: finder) }
    #expect(try origins([1], session: 99, in: finder) == [.reused])
    #expect(try origins([1], session: 0, in: finder) == [.frontal])
    // A session in use stays, whatever else comes.
    for session in 200..<300 as Range<Int64> {
      _ = try origins([0], session: session, in: finder)
      #expect(try origins([session - 198], session: 99, in: finder) != [nil])
    }
    #expect(try origins([5], session: 299, in: finder) == [.reused])
  }

  /// Many frames of one session at once: each begins from the face of an earlier one, or from none.
  @Test func framesAtOnceBeginFromEarlierOnes() async throws {
    let detector = ScriptedDetector(encodesTime: true)
    let finder = detector.finder(FaceReuse(maximumAge: .seconds(1000), maximumFrames: 1000))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for lane in 0..<4 as Range<Int64> {
        group.addTask {
          for step in 0..<50 as Range<Int64> {
            let second = step * 4 + lane + 1
            let frame = FrameTrack(session: 1, capturedAt: EventTime(microseconds: second * 1_000_000))
            _ = try finder.face(in: ScriptedDetector.picture(code: UInt8(second)), track: frame)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(detector.calls.count { $0 == "late" } == 0)
    #expect(detector.calls.count { $0 == "local" } > 0)
  }

  @Test func whatFindingTookIsCounted() throws {
    let detector = ScriptedDetector()
    let finder = detector.finder()
    _ = try origins([0, 1, 2], in: finder)
    _ = try origins([3], in: finder, picture: ScriptedDetector.picture(code: ScriptedDetector.empty))
    _ = try finder.face(
      in: ScriptedDetector.picture(), hint: FaceBox(x: 20, y: 20, width: 100, height: 100),
      track: FrameTrack(session: 1, capturedAt: time(4)))
    let text = detector.registry.prometheusText()
    for (origin, count) in [("frontal", 1), ("reused", 2), ("none", 1), ("hint", 1), ("profile", 0)] {
      #expect(text.contains("lectern_recognition_faces_total{origin=\"\(origin)\"} \(count)\n"), "\(origin)")
    }
    for (look, count) in [("local", 3), ("whole", 2), ("further", 1)] {
      #expect(text.contains("lectern_recognition_face_looks_total{look=\"\(look)\"} \(count)\n"), "\(look)")
    }
  }
}

/// Sees two faces in every picture but an empty one, finds a face again a pixel to the right, and notes how it was
/// asked.
final class ScriptedDetector: FaceDetecting {
  static let empty: UInt8 = 255

  let registry = MetricsRegistry()
  private let view: FaceDetection.View
  /// A box's corner is then the code of the picture it was found in, and so the second of its capture.
  private let encodesTime: Bool
  private let log = Mutex<[(call: String, view: FaceDetection.View?)]>([])

  init(view: FaceDetection.View = .frontal, encodesTime: Bool = false) {
    self.view = view
    self.encodesTime = encodesTime
  }

  var calls: [String] { log.withLock { $0.map(\.call) } }
  var views: [FaceDetection.View] { log.withLock { $0.compactMap(\.view) } }

  static func picture(code: UInt8 = 1, width: Int = 640) -> GrayImage {
    GrayImage(width: width, height: 300, repeating: code)
  }

  func finder(_ reuse: FaceReuse = FaceReuse()) -> FaceFinder {
    FaceFinder(detector: self, reuse: reuse, metrics: RecognitionMetrics(registry: registry))
  }

  func detect(in image: GrayImage) throws -> FaceDetection {
    log.withLock { $0.append(("whole", nil)) }
    guard image[0, 0] != Self.empty else { return FaceDetection(faces: [], view: view, looks: 2) }
    let x = encodesTime ? Int(image[0, 0]) : 20
    return FaceDetection(
      faces: [PixelRect(x: x, y: 20, width: 60, height: 60), PixelRect(x: 0, y: 0, width: 30, height: 30)], view: view)
  }

  func follow(_ box: PixelRect, seenFrom view: FaceDetection.View, in image: GrayImage) throws -> PixelRect? {
    let isLate = encodesTime && box.x >= Int(image[0, 0])
    log.withLock { $0.append((isLate ? "late" : "local", view)) }
    guard image[0, 0] != Self.empty else { return nil }
    return PixelRect(
      x: encodesTime ? Int(image[0, 0]) : box.x + 1, y: box.y, width: box.width, height: box.height)
  }
}
