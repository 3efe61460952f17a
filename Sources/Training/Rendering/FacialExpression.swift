import LearningEvents
import StableHashing

/// What a face does: the five columns of Table 1 (Sun, Liu, Qian 2024, section 2) as numbers.
///
/// Lengths are in units of half the face's width; angles in radians.
struct FacialExpression {
  /// Corners of the mouth: up is positive.
  var smile: Float = 0.0
  /// Distance of the lips.
  var mouthOpening: Float = 0
  /// The mouth's width as a share of its width at rest.
  var mouthWidth: Float = 1
  /// Teeth that an open mouth shows: 0 none, 1 the upper row.
  var teeth: Float = 0.2
  /// 0 closed, 1 open, above 1 widened; of the eye on the picture's left and right.
  var eyeOpening = SIMD2<Float>(1, 1)
  /// Lower lids raised by the cheeks.
  var squint: Float = 0
  /// Eyebrows on the picture's left and right: up is positive.
  var browRaise = SIMD2<Float>(0, 0)
  /// Inner ends drawn down and together.
  var frown: Float = 0
  /// Head turned to the picture's right, raised chin, and tilted clockwise.
  var yaw: Float = 0
  var pitch: Float = 0
  var roll: Float = 0
  /// Iris in units of its free way, right and down.
  var gazeX: Float = 0
  var gazeY: Float = 0
  /// Puffed or heavy look of the eyes, as of somebody who slept little.
  var weariness: Float = 0

  /// A frame of one emotion. Its strength varies from frame to frame down to the weakest that `nuisance` allows, where
  /// neighbours in Table 1 look alike, and so do the small movements and habits that mean nothing.
  init(_ emotion: Emotion, of shape: FaceShape, _ random: inout SplitMix64, nuisance: Nuisance) {
    let weakest = nuisance.bound(.ambiguity, 0.9, 0.15)
    let strength = random.uniform(weakest...1.1)
    let side: Float = random.chance(0.5) ? 1 : -1
    let restless = nuisance.bound(.ambiguity, 0.3, 1)
    switch emotion {
    case .focused: focus(&random, restless: restless)
    case .distracted: lookAway(&random, strength, side)
    case .curious: wonder(&random, strength, side)
    case .confused: puzzle(&random, strength, side)
    case .tired: tire(&random, strength, side)
    case .happy: rejoice(&random, strength)
    }
    // What the face does anyway, and what everybody does now and then.
    smile += shape.restingSmile * restless
    frown += shape.restingFrown * restless
    eyeOpening *= 1 + (shape.restingEyes - 1) * restless
    mouthOpening += shape.restingLips * restless
    let deviation = nuisance.bound(.tilt, 0.026, 0.157)
    yaw += deviation * random.bell()
    pitch += 0.6 * deviation * random.bell()
    roll += nuisance.bound(.tilt, 0.018, 0.19) * random.bell()
    gazeX = clamped(gazeX + 0.10 * random.bell(), -1, 1)
    gazeY = clamped(gazeY + 0.09 * random.bell(), -1, 1)
    smile += 0.012 * restless * random.bell()
    let lift = 0.012 * restless * random.bell()
    browRaise += SIMD2(lift + 0.004 * random.bell(), lift + 0.004 * random.bell())
    eyeOpening *= 1 + 0.06 * restless * random.bell()
    mouthWidth *= 1 + 0.03 * restless * random.bell()
    // Lips part for a breath or a word.
    if random.chance(0.15 * restless) { mouthOpening += random.uniform(0...0.06) }
    if random.chance(0.06 * restless) { eyeOpening *= random.uniform(0...0.7) }
  }

  /// Mouth closed, eyes open, brows natural, head straight, gaze at the screen.
  private mutating func focus(_ random: inout SplitMix64, restless: Float) {
    eyeOpening *= random.uniform(0.86...1.04)
    gazeY = random.uniform(0...0.3)
    frown = random.chance(0.3) ? random.uniform(0...0.35) * restless : 0
    smile = random.chance(0.2) ? random.uniform(0...0.05) * restless : 0
    pitch = -random.uniform(0...0.08)
  }

  /// Eyes not on the screen, brows natural or lowered, head turned aside or down.
  private mutating func lookAway(_ random: inout SplitMix64, _ strength: Float, _ side: Float) {
    let down = random.chance(0.33)
    if down {
      yaw = side * random.uniform(0...0.16)
      pitch = -random.uniform(0.18...0.36) * (0.5 + 0.5 * strength)
      (gazeX, gazeY) = (side * random.uniform(0...0.5), random.uniform(0.7...1))
      eyeOpening *= random.uniform(0.5...0.7)
    } else {
      yaw = side * (0.05 + random.uniform(0.14...0.55) * strength)
      pitch = random.uniform(-0.16...0.06)
      (gazeX, gazeY) = (side * random.uniform(0.65...1), random.uniform(-0.35...0.5))
      eyeOpening *= random.uniform(0.75...0.98)
    }
    browRaise -= random.uniform(0...0.04)
  }

  /// Mouth open, eyes widened, brows raised, head straight.
  private mutating func wonder(_ random: inout SplitMix64, _ strength: Float, _ side: Float) {
    eyeOpening *= 1.04 + 0.34 * strength
    browRaise += random.uniform(0.09...0.15) * strength
    browRaise[side > 0 ? 1 : 0] += random.chance(0.3) ? 0.04 * strength : 0
    mouthOpening = 0.02 + random.uniform(0.04...0.16) * strength
    mouthWidth = random.uniform(0.84...0.98)
    smile = random.chance(0.35) ? random.uniform(0...0.06) : 0
    teeth = random.uniform(0.2...0.8)
    pitch = random.uniform(-0.06...0.06)
    roll = side * (random.chance(0.35) ? random.uniform(0.03...0.14) : 0)
  }

  /// Mouth closed or corners down, brows frowning, head straight or down.
  private mutating func puzzle(_ random: inout SplitMix64, _ strength: Float, _ side: Float) {
    frown = (0.25 + 0.85 * strength)
    smile = -random.uniform(0.0...0.09) * strength
    eyeOpening *= random.uniform(0.74...0.95)
    squint = random.uniform(0...0.5) * strength
    let down = random.chance(0.35)
    pitch = down ? -random.uniform(0.1...0.24) : random.uniform(-0.05...0.04)
    gazeY = down ? random.uniform(0.2...0.8) : random.uniform(0...0.2)
    roll = side * random.uniform(0...0.13)
    mouthWidth = random.uniform(0.82...1)
    if random.chance(0.3) { browRaise[side > 0 ? 1 : 0] += random.uniform(0.03...0.09) * strength }
  }

  /// Mouth open or yawning, eyes small or closed, brows natural or raised, head down or up.
  private mutating func tire(_ random: inout SplitMix64, _ strength: Float, _ side: Float) {
    let isYawning = random.chance(0.35)
    weariness = random.uniform(0.4...1)
    if isYawning {
      eyeOpening *= random.uniform(0...0.45)
      mouthOpening = random.uniform(0.34...0.58) * (0.5 + 0.5 * strength)
      mouthWidth = random.uniform(0.70...0.86)
      squint = 0.4
      browRaise += random.uniform(0.03...0.10)
      pitch = random.uniform(0...0.2)
      gazeY = -0.3
    } else {
      eyeOpening *= random.uniform(0...0.3) + 0.6 * (1.1 - strength)
      mouthOpening = random.uniform(0.03...0.14)
      mouthWidth = random.uniform(0.88...1)
      smile = -random.uniform(0...0.04)
      browRaise += random.chance(0.4) ? random.uniform(0.02...0.08) : 0
      pitch = random.chance(0.7) ? -random.uniform(0.06...0.28) : random.uniform(0.05...0.2)
      gazeY = pitch < 0 ? random.uniform(0.4...1) : random.uniform(-0.8...0)
    }
    roll = side * random.uniform(0.0...0.16)
  }

  /// Corners raised, smiling, eyes open, brows natural, head straight.
  private mutating func rejoice(_ random: inout SplitMix64, _ strength: Float) {
    smile = 0.03 + random.uniform(0.10...0.15) * strength
    let laughs = random.chance(0.6)
    mouthOpening = laughs ? random.uniform(0.06...0.2) * strength : 0.004
    teeth = 1
    mouthWidth = 1.02 + (laughs ? 0.22 : 0.13) * strength
    squint = random.uniform(0.2...0.8) * strength
    eyeOpening *= random.uniform(0.82...1)
    pitch = random.uniform(-0.04...0.08)
  }
}
