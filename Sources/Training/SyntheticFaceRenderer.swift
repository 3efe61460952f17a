package import LearningEvents
import StableHashing
import Vision

/// Draws webcam pictures of made-up learners, for tests and the demo only.
///
/// **Synthetic**: no photograph and no real person is in them, and nothing measured on them says anything about
/// people or about how well emotions can be recognised. The expressions follow the definitions of Table 1 (Sun, Liu,
/// Qian 2024, section 2). The same seeds and size give the same picture.
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

  /// Draws one picture.
  ///
  /// - Parameters:
  ///   - learner: the person, their clothes, room and light.
  ///   - frame: pose, strength of the expression, noise.
  package func render(learner: UInt64, frame: UInt64, scene: Scene) -> SyntheticPicture {
    let appearance = LearnerAppearance(seed: learner)
    var random = SplitMix64(seed: learner, stream: frame ^ 0x4652_414D_4500_0000)
    var canvas = LightCanvas(width: width, height: height)
    RoomBackdrop.paint(&canvas, seed: appearance.roomSeed)
    var face: FaceBox?
    var emotion: Emotion?
    var exposure = appearance.exposure * random.uniform(0.96...1.04)
    switch scene {
    case .face(let shown), .dark(let shown):
      let portrait = portrait(of: appearance, showing: shown, &random)
      portrait.paint(&canvas)
      face = box(portrait.faceArea)
      emotion = shown
      if case .dark = scene { exposure *= 0.045 }
    case .noFace: break
    }
    let rgb = develop(canvas, appearance, exposure: exposure, grain: UInt32(truncatingIfNeeded: random.next()))
    return SyntheticPicture(
      image: RGBImage(width: width, height: height, pixels: rgb), face: face, emotion: emotion)
  }

  private func portrait(
    of learner: LearnerAppearance, showing emotion: Emotion, _ random: inout SplitMix64
  ) -> Portrait {
    let expression = FacialExpression(emotion, &random)
    let side = Float(min(height, width))
    let unit = side * learner.size * random.uniform(0.96...1.05)
    let head = HeadGeometry(
      learner, expression,
      centreX: Float(width) * learner.seatX + side * 0.02 * random.bell() + unit * 0.12 * expression.yaw,
      centreY: Float(height) * learner.seatY + side * 0.012 * random.bell() - unit * 0.2 * expression.pitch,
      unit: unit)
    return Portrait(
      learner: learner, expression: expression, head: head, grain: UInt32(truncatingIfNeeded: learner.roomSeed))
  }

  private func box(_ area: PixelArea) -> FaceBox? {
    let x0 = max(0, Int(area.minX.rounded()))
    let y0 = max(0, Int(area.minY.rounded()))
    let x1 = min(width, Int(area.maxX.rounded()))
    let y1 = min(height, Int(area.maxY.rounded()))
    return x1 > x0 && y1 > y0 ? FaceBox(x: x0, y: y0, width: x1 - x0, height: y1 - y0) : nil
  }

  /// The camera: exposure, white balance, vignette, noise, 8 bits.
  private func develop(
    _ canvas: LightCanvas, _ learner: LearnerAppearance, exposure: Float, grain: UInt32
  ) -> [UInt8] {
    let gain = Light(1 + learner.warmth, 1, 1 - learner.warmth) * exposure
    let noise = learner.noise * (exposure < 0.2 ? 0.5 : 1)
    let halfWidth = Float(width) / 2
    let halfHeight = Float(height) / 2
    var random = SplitMix64(seed: UInt64(grain))
    return [UInt8](unsafeUninitializedCapacity: 3 * width * height) { target, count in
      canvas.pixels.withUnsafeBufferPointer { pixels in
        var i = 0
        for y in 0..<height {
          let dy = (Float(y) - halfHeight) / halfHeight
          for x in 0..<width {
            let dx = (Float(x) - halfWidth) / halfWidth
            let bits = random.next()
            // Two uniforms a channel: triangular noise, mostly the same in all channels as after a camera's denoiser.
            let common = Float(Int32(bits & 0xFFFF) + Int32((bits >> 16) & 0xFFFF) - 65536) * (2.4 / 65536)
            let red = Float(Int32((bits >> 32) & 0xFFFF) - 32768) * (1 / 32768)
            let blue = Float(Int32(bits >> 48) - 32768) * (1 / 32768)
            let speckle = Light(common + 0.6 * red, common, common + 0.6 * blue) * noise
            let value = pixels[y * width + x] * gain * (1 - 0.09 * (dx * dx + dy * dy)) + speckle
            let scaled = value * 255 + 0.5
            target[3 * i] = UInt8(clamped(scaled.x, 0, 255))
            target[3 * i + 1] = UInt8(clamped(scaled.y, 0, 255))
            target[3 * i + 2] = UInt8(clamped(scaled.z, 0, 255))
            i += 1
          }
        }
      }
      count = 3 * width * height
    }
  }
}
