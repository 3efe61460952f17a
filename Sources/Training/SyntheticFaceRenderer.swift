package import LearningEvents
import StableHashing
import Vision

/// Draws webcam pictures of made-up learners, for tests, the demo and exercises in training only.
///
/// **Synthetic**: no photograph and no real person is in them, and nothing measured on them says anything about
/// people or about how well emotions can be recognised. The expressions follow the definitions of Table 1 (Sun, Liu,
/// Qian 2024, section 2). The same seeds, size and nuisance give the same picture, on any thread.
package struct SyntheticFaceRenderer: Sendable {
  /// What is in front of the camera.
  package enum Scene: Sendable, Equatable {
    case face(Emotion)
    /// The learner has left: the room alone.
    case noFace
    /// A face nearly without light.
    case dark(Emotion)
  }

  package let width: Int
  package let height: Int

  /// - Parameters:
  ///   - width: pixels, at least 16; 640×480 by default, what a webcam sends.
  ///   - height: pixels, at least 16.
  package init(width: Int = 640, height: Int = 480) {
    precondition(width >= 16 && height >= 16, "a picture has at least 16 pixels a side")
    self.width = width
    self.height = height
  }

  /// Draws one picture; takes some 60 ms of one core at 640×480.
  ///
  /// - Parameters:
  ///   - learner: the person, their clothes and room.
  ///   - frame: pose, strength of the expression, light of the moment, noise.
  ///   - nuisance: how hard the picture is to read.
  package func render(
    learner: UInt64, frame: UInt64, scene: Scene, nuisance: Nuisance = .none
  ) -> SyntheticPicture {
    let appearance = LearnerAppearance(seed: learner)
    var random = SplitMix64(seed: learner, stream: frame ^ 0x4652_414D_4500_0000)
    var canvas = LightCanvas(width: width, height: height)
    RoomBackdrop.paint(&canvas, seed: appearance.roomSeed, crowding: nuisance[.background])
    let light = SceneLight(appearance, nuisance: nuisance, &random)
    let camera = Camera(appearance, nuisance: nuisance, height: height, &random)
    var face: FaceBox?
    var emotion: Emotion?
    var dimming: Float = 1
    switch scene {
    case .face(let shown), .dark(let shown):
      let portrait = portrait(of: appearance, showing: shown, light: light, nuisance: nuisance, &random)
      portrait.paint(&canvas)
      face = box(portrait.faceArea)
      emotion = shown
      if case .dark = scene { dimming = 0.045 }
    case .noFace: break
    }
    let rgb = camera.develop(&canvas, dimming: dimming)
    return SyntheticPicture(
      image: RGBImage(width: width, height: height, pixels: rgb), face: face, emotion: emotion)
  }

  private func portrait(
    of learner: LearnerAppearance, showing emotion: Emotion, light: SceneLight, nuisance: Nuisance,
    _ random: inout SplitMix64
  ) -> Portrait {
    let expression = FacialExpression(emotion, of: learner.shape, &random, nuisance: nuisance)
    let side = Float(min(height, width))
    let smallest = nuisance.bound(.distance, 0.205, 0.075)
    let largest = nuisance.bound(.distance, 0.225, 0.25)
    let unit = side * (smallest + (largest - smallest) * random.uniform(0...1).squareRoot())
    let wander = nuisance.bound(.distance, 0.02, 0.07)
    let pose = HeadPose(
      centreX: Float(width) * learner.seatX + side * wander * random.bell() + unit * 0.15 * expression.yaw,
      centreY: Float(height) * learner.seatY + side * 0.6 * wander * random.bell() - unit * 0.2 * expression.pitch,
      unit: unit, yaw: expression.yaw, pitch: expression.pitch, roll: expression.roll)
    return Portrait(
      learner: learner, expression: expression, surface: HeadSurface(learner.shape, expression), pose: pose,
      light: light, occlusion: Occlusion(nuisance, &random))
  }

  private func box(_ area: PixelArea) -> FaceBox? {
    let x0 = max(0, Int(area.minX.rounded()))
    let y0 = max(0, Int(area.minY.rounded()))
    let x1 = min(width, Int(area.maxX.rounded()))
    let y1 = min(height, Int(area.maxY.rounded()))
    return x1 > x0 && y1 > y0 ? FaceBox(x: x0, y: y0, width: x1 - x0, height: y1 - y0) : nil
  }
}
