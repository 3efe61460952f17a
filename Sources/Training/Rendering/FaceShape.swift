import StableHashing

/// The lengths of one made-up face, in units of half its width unless they are said to be shares.
struct FaceShape {
  /// From the origin to the chin and to the top of the skull.
  let chin: Float
  let crown: Float
  /// How much the jaw narrows, and how square the chin is (an exponent).
  let taper: Float
  let chinSquareness: Float
  /// −1 hollow cheeks … 1 full ones.
  let fullness: Float
  let cheekbones: Float
  let chinForward: Float

  let eyeLine: Float
  let eyeDistance: Float
  /// Shares of the usual width and height.
  let eyeSize: Float
  let eyeHeight: Float
  /// How much higher the outer corner is.
  let eyeTilt: Float
  /// How deep the eyes lie.
  let eyeDepth: Float
  /// From the upper lid to its fold; nearly none where the fold is hidden.
  let lidFold: Float
  /// Share of the upper lid that the fold above it covers outside.
  let hooded: Float

  let browLift: Float
  let browThickness: Float
  let browArch: Float
  let browSlope: Float
  let browLength: Float
  let browDensity: Float

  let noseWidth: Float
  let noseEnd: Float
  let bridge: Float
  let hump: Float
  let noseTip: Float

  let mouthLine: Float
  let mouthWidth: Float
  let upperLip: Float
  let lowerLip: Float
  let bow: Float

  /// What the face does at rest: corners of the mouth, inner ends of the brows, share of the eyes' opening, distance of
  /// the lips. Some look cross or amused, sleepy or surprised when they feel nothing of the kind.
  let restingSmile: Float
  let restingFrown: Float
  let restingEyes: Float
  let restingLips: Float

  init(isFeminine: Bool, _ random: inout SplitMix64) {
    chin = random.uniform(1.30...1.52) - (isFeminine ? 0.03 : 0)
    crown = random.uniform(1.46...1.60)
    taper = random.uniform(0.14...0.36) + (isFeminine ? 0.04 : 0)
    chinSquareness = isFeminine ? random.uniform(2.3...3.6) : random.uniform(2.8...5.5)
    fullness = random.uniform(-1...1)
    cheekbones = random.uniform(0...1)
    chinForward = random.uniform(-0.04...0.06)
    eyeLine = -0.12 + random.uniform(-0.03...0.03)
    eyeDistance = random.uniform(0.405...0.465)
    eyeSize = random.uniform(0.90...1.10) + (isFeminine ? 0.04 : 0)
    eyeHeight = random.uniform(0.82...1.18)
    eyeTilt = random.uniform(-0.03...0.11)
    eyeDepth = random.uniform(0.5...1.3)
    lidFold = random.chance(0.25) ? random.uniform(0.008...0.02) : random.uniform(0.03...0.075)
    hooded = random.chance(0.35) ? random.uniform(0.3...1) : 0
    browLift = random.uniform(0.215...0.285)
    browThickness = isFeminine ? random.uniform(0.030...0.055) : random.uniform(0.045...0.080)
    browArch = random.uniform(0.2...1.3)
    browSlope = random.uniform(-0.08...0.10)
    browLength = random.uniform(0.90...1.12)
    browDensity = random.uniform(0.55...0.98)
    noseWidth = random.uniform(0.80...1.28)
    noseEnd = random.uniform(0.44...0.54)
    bridge = random.uniform(0.06...0.17)
    hump = random.uniform(-0.02...0.05)
    noseTip = random.uniform(0.85...1.2)
    mouthLine = noseEnd + random.uniform(0.26...0.32)
    mouthWidth = random.uniform(0.32...0.40)
    upperLip = random.uniform(0.7...1.3)
    lowerLip = random.uniform(0.75...1.3)
    bow = random.uniform(0.4...1.3)
    restingSmile = 0.030 * random.bell()
    restingFrown = 0.16 * random.bell()
    restingEyes = 1 + 0.09 * random.bell()
    restingLips = max(0, 0.016 * random.bell())
  }
}
