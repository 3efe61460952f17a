import LearningEvents
import Recognition
import Services
import StableHashing
import Vision

/// Faces of made-up learners as recognition finds them, emotions in turn; those not found or not readable are left out.
struct RenderedFaces: Sendable {
  private let finder: FaceFinder
  private let seed: UInt64

  /// The same seed gives the same pictures.
  init(detector: any FaceDetecting, seed: UInt64) {
    finder = FaceFinder(detector: detector)
    self.seed = seed
  }

  /// The faces of `count` pictures, rendered on a thread of their own; `rendered` is told how many are done.
  func found(_ count: Int, rendered: @escaping @Sendable (Int) -> Void) async -> [FaceCrops] {
    await ThreadExecutor(name: "render").run {
      let renderer = SyntheticFaceRenderer()
      var faces: [FaceCrops] = []
      for index in 0..<count {
        let emotion = Emotion.allCases[index % Emotion.allCases.count]
        var learners = SplitMix64(seed: seed, stream: UInt64(index))
        let picture = renderer.render(learner: learners.next(), frame: UInt64(index), scene: .face(emotion))
        let face = try? finder.face(in: picture.image.gray)
        if let face, face.quality.isUsable { faces.append(face.crops) }
        rendered(index + 1)
      }
      return faces
    }
  }
}
