import LearningEvents
import StableHashing

/// What a face does: the five columns of Table 1 (Sun, Liu, Qian 2024, section 2) as numbers.
///
/// Lengths are in units of half the face's width; angles in radians.
struct FacialExpression {
  /// Corners of the mouth: up is positive.
  var smile: Float = 0.012
  /// Distance of the lips.
  var mouthOpening: Float = 0
  /// Half the mouth's width.
  var mouthWidth: Float = 0.36
  /// 0 closed, 1 open, above 1 widened.
  var eyeOpening: Float = 1
  /// Both eyebrows: up is positive.
  var browRaise: Float = 0
  /// Inner ends drawn down and together.
  var frown: Float = 0
  /// Head turned to the picture's right, raised chin, and tilted clockwise.
  var yaw: Float = 0
  var pitch: Float = 0
  var roll: Float = 0
  /// Iris in units of its free way, right and down.
  var gazeX: Float = 0
  var gazeY: Float = 0

  /// A frame of one emotion. Its strength and the small movements vary from frame to frame.
  init(_ emotion: Emotion, _ random: inout SplitMix64) {
    let strength = random.uniform(0.65...1.1)
    let side: Float = random.chance(0.5) ? 1 : -1
    switch emotion {
    case .focused:
      eyeOpening = random.uniform(0.88...1.0)
    case .distracted:
      let down = random.chance(0.35)
      yaw = side * (down ? random.uniform(0...0.15) : random.uniform(0.26...0.52) * strength)
      pitch = down ? -random.uniform(0.22...0.34) : random.uniform(-0.14...0.02)
      gazeX = side * (down ? 0.3 : random.uniform(0.6...0.95))
      gazeY = down ? 0.9 : random.uniform(0...0.5)
      browRaise = -random.uniform(0...0.03)
      eyeOpening = down ? 0.62 : 0.85
    case .curious:
      eyeOpening = 1 + 0.38 * strength
      browRaise = 0.12 * strength
      mouthOpening = random.uniform(0.02...0.09)
      mouthWidth = 0.32
    case .confused:
      frown = strength
      smile = -random.uniform(0.0...0.09) * strength
      eyeOpening = random.uniform(0.72...0.85)
      pitch = random.chance(0.4) ? -random.uniform(0.08...0.18) : 0
      gazeY = pitch < 0 ? 0.5 : 0
      roll = side * random.uniform(0...0.12)
      mouthWidth = 0.32
    case .tired:
      let yawning = random.chance(0.5)
      eyeOpening = yawning ? random.uniform(0.05...0.3) : random.uniform(0.1...0.45)
      mouthOpening = yawning ? 0.42 * strength : random.uniform(0.03...0.1)
      mouthWidth = yawning ? 0.27 : 0.34
      browRaise = yawning ? 0.08 : random.uniform(0...0.04)
      pitch = yawning ? random.uniform(0.05...0.18) : -random.uniform(0.1...0.24)
      gazeY = yawning ? -0.4 : 0.8
      roll = side * random.uniform(0.02...0.14)
    case .happy:
      smile = 0.17 * strength
      mouthOpening = random.chance(0.7) ? 0.12 * strength : 0.01
      mouthWidth = 0.46
      eyeOpening = random.uniform(0.7...0.85)
    }
    yaw += 0.05 * random.bell()
    pitch += 0.03 * random.bell()
    roll += 0.035 * random.bell()
    gazeX = clamped(gazeX + 0.12 * random.bell(), -1, 1)
    gazeY = clamped(gazeY + 0.1 * random.bell(), -1, 1)
    smile += 0.01 * random.bell()
    browRaise += 0.012 * random.bell()
  }
}
