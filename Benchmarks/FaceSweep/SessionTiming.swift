import Foundation
import LearningEvents
import OpenCV
import Training
import Vision

/// What it saves to look for a face where the session's last frame had it: processor time a frame over rendered
/// sessions, looking at every picture as a whole, and following with a look at the whole picture every tenth frame.
enum SessionTiming {
  static func print(say: (String) -> Void) throws {
    let detector = try CascadeFaceDetector()
    say("| picture | frames | found as a whole | ms whole | ms following | followed | mean overlap of the boxes |")
    say("|---|---:|---:|---:|---:|---:|---:|")
    for (width, height) in [(640, 480), (1280, 720)] {
      let renderer = SyntheticFaceRenderer(width: width, height: height)
      var whole = 0.0, following = 0.0, overlap = 0.0
      var frames = 0, found = 0, followed = 0
      for learner in 800..<804 as Range<UInt64> {
        var last: (box: PixelRect, view: FaceDetection.View, age: Int)?
        for frame in 0..<20 as Range<UInt64> {
          let emotion = Emotion.allCases[Int(frame / 4) % 6]
          let image = renderer.render(learner: learner, frame: frame, scene: .face(emotion)).image.gray
          frames += 1
          var start = FaceSweep.processorSeconds()
          let detection = try detector.detect(in: image)
          whole += FaceSweep.processorSeconds() - start
          found += detection.faces.isEmpty ? 0 : 1
          start = FaceSweep.processorSeconds()
          if let known = last, known.age < 10,
            let box = try detector.follow(known.box, seenFrom: known.view, in: image)
          {
            last = (box, known.view, known.age + 1)
            followed += 1
            overlap += detection.faces.first.map { $0.overlap(with: box) } ?? 0
          } else {
            let again = try detector.detect(in: image)
            last = again.faces.first.map { ($0, again.view, 0) }
          }
          following += FaceSweep.processorSeconds() - start
        }
      }
      say(
        String(
          format: "| %d×%d | %d | %d | %.1f | %.1f | %d | %.2f |", width, height, frames, found,
          1000 * whole / Double(frames), 1000 * following / Double(frames), followed,
          overlap / Double(max(followed, 1))))
    }
  }
}
