import Foundation
import ImageIO
import ImageTypes
import LearningEvents
import StableHashing
import Training

/// The lesson of the demo: a made-up course, made-up learners, and drawn faces where no pictures are given.
enum DemoLesson {
  static let frameInterval = Duration.seconds(10)

  private static let segments = [
    "Why averages mislead", "Variance, step by step", "The normal curve", "Sampling: a live experiment",
    "Confidence intervals", "Questions and a puzzle",
  ]

  /// A lesson of that length, which ends at `end`.
  static func lesson(learners: Int, duration: Duration, endingAt end: EventTime) -> Lesson {
    let frames = Int(duration / frameInterval)
    let names = (1...learners).map { LearnerID("demo-learner-\($0)") }
    // One person did not consent, so that the demo shows what becomes of such frames.
    let refusing: LearnerID = "demo-learner-without-consent"
    return Lesson(
      source: "https://lms.example/demo", courseID: "statistics-1", title: "Statistics I (demonstration)",
      segments: segments, learners: names + [refusing], refusing: [refusing],
      start: end.advanced(by: frameInterval * -frames), frameInterval: frameInterval,
      framesPerLearner: frames, run: UUID().uuidString.lowercased())
  }

  /// Drawn webcam pictures: synthetic, for tests and the demo only.
  static func drawnPictures(segments: Int, framesPerLearner: Int) -> Lesson.Picture {
    let renderer = SyntheticFaceRenderer()
    let encoder = JPEGEncoder(quality: 85)
    return { learner, frame in
      let segment = frame * segments / max(1, framesPerLearner)
      let scene = scene(learner: learner, frame: frame, segment: segment)
      let picture = renderer.render(learner: UInt64(learner), frame: UInt64(frame), scene: scene)
      return (try encoder.encode(picture.image), .jpeg)
    }
  }

  /// What a learner's face shows: mostly focused, with a mood of its own for each segment, and now and then away.
  private static func scene(learner: Int, frame: Int, segment: Int) -> SyntheticFaceRenderer.Scene {
    var generator = SplitMix64(seed: UInt64(learner) << 32 | UInt64(frame), stream: UInt64(segment))
    let roll = generator.uniform(0...1)
    if roll < 0.03 { return .noFace }
    if roll < 0.4 { return .face(.focused) }
    let moods: [[Emotion]] = [
      [.curious, .happy], [.confused, .tired], [.focused, .distracted], [.curious, .happy], [.confused, .curious],
      [.happy, .tired],
    ]
    let pair = moods[segment % moods.count]
    return .face(roll < 0.7 ? pair[0] : roll < 0.9 ? pair[1] : .distracted)
  }
}
