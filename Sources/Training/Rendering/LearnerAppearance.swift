import StableHashing

/// What stays the same in all pictures of one made-up learner: the person, the clothes, the seat, the camera.
///
/// A drawing, not a model of people: the ranges are chosen so that pictures differ, not after any population.
struct LearnerAppearance {
  enum Beard: CaseIterable { case none, stubble, moustache, goatee, circle, full }
  enum Headwear: CaseIterable { case none, beanie, cap, scarf, turban, headphones }
  enum Pattern: CaseIterable { case plain, stripes, checks, print }
  enum Neckline: CaseIterable { case crew, vee, collar, hood, turtle }
  enum Spectacles: CaseIterable { case round, square, cat, rimless, pilot }

  let shape: FaceShape
  let hairCut: HairCut

  let skin: Light
  let lips: Light
  let hair: Light
  let brows: Light
  let iris: Light
  /// 0…1 each: red of cheeks and nose, freckles, lines of age, shadows under the eyes, shine.
  let flush: Float
  let freckles: Float
  let age: Float
  let underEyes: Float
  let shine: Float
  /// Painted lashes and lid edges.
  let eyeliner: Float
  let beard: Beard
  let beardDensity: Float
  let spectacles: Spectacles?
  let spectacleColour: Light
  let spectacleSize: Float
  let headwear: Headwear
  let headwearColour: Light
  let shirt: Light
  let shirtAccent: Light
  let pattern: Pattern
  let neckline: Neckline
  let shoulders: Float
  let mug: Light

  /// The seat in the picture, shares of width and height.
  let seatX: Float
  let seatY: Float
  /// Direction of the key light, right and up.
  let lightX: Float
  let lightY: Float
  let warmth: Float
  let roomSeed: UInt64
  let grain: UInt32

  init(seed: UInt64) {
    var random = SplitMix64(seed: seed, stream: 1)
    let isFeminine = random.chance(0.5)
    shape = FaceShape(isFeminine: isFeminine, &random)

    let tone = random.uniform(0...1)
    let tones = [
      Light(0.96, 0.80, 0.72), Light(0.90, 0.72, 0.60), Light(0.78, 0.58, 0.45), Light(0.60, 0.42, 0.31),
      Light(0.40, 0.27, 0.20),
    ]
    let place = tone * 3.999
    let hue = 0.03 * random.bell()
    skin =
      tones[Int(place)].mixed(with: tones[Int(place) + 1], place - Float(Int(place)))
      * Light(1 + 0.3 * hue, 1, 1 - hue)
    let isPainted = isFeminine && random.chance(0.35)
    let paint = random.pick([Light(0.62, 0.16, 0.20), Light(0.72, 0.34, 0.36), Light(0.50, 0.20, 0.26)])
    lips = (skin * Light(0.84, 0.58, 0.58)).mixed(with: paint, isPainted ? random.uniform(0.4...0.8) : 0.08)
    eyeliner = isFeminine ? random.uniform(0...1) : 0

    let natural: [Light] = [
      Light(0.05, 0.045, 0.045), Light(0.10, 0.07, 0.06), Light(0.17, 0.11, 0.08), Light(0.28, 0.18, 0.11),
      Light(0.42, 0.22, 0.12), Light(0.58, 0.45, 0.28),
    ]
    let dyed = [Light(0.42, 0.16, 0.30), Light(0.16, 0.25, 0.42), Light(0.70, 0.62, 0.50), Light(0.48, 0.10, 0.10)]
    let grown = natural[min(Int(random.uniform(0...1) * (tone > 0.45 ? 2.5 : 5.99)), 5)]
    age = random.uniform(0...1) * random.uniform(0...1)
    let gray = age > 0.5 ? random.uniform(0...0.7) : 0
    hair = (random.chance(0.07) ? random.pick(dyed) : grown).mixed(with: Light(0.55, 0.54, 0.54), gray)
    brows = grown.mixed(with: Light(0.09, 0.065, 0.055), 0.55)
    iris = random.pick(
      tone > 0.5
        ? [Light(0.16, 0.09, 0.06), Light(0.22, 0.13, 0.08)]
        : [Light(0.20, 0.12, 0.07), Light(0.30, 0.19, 0.10), Light(0.26, 0.34, 0.40), Light(0.28, 0.34, 0.24)])
    flush = random.uniform(0.1...1)
    freckles = tone < 0.4 && random.chance(0.3) ? random.uniform(0.3...1) : 0
    underEyes = random.uniform(0...1)
    shine = random.uniform(0.2...1)

    let wear = random.uniform(0...1)
    headwear =
      switch wear {
      case ..<0.70: .none
      case ..<0.80: .headphones
      case ..<0.87: isFeminine ? .scarf : .cap
      case ..<0.92: .beanie
      case ..<0.96: isFeminine ? .scarf : .turban
      default: .cap
      }
    headwearColour = random.pick([
      Light(0.14, 0.15, 0.20), Light(0.45, 0.12, 0.16), Light(0.20, 0.33, 0.36), Light(0.62, 0.56, 0.47),
      Light(0.30, 0.22, 0.36), Light(0.75, 0.72, 0.68), Light(0.10, 0.10, 0.10),
    ])
    hairCut = HairCut(isFeminine: isFeminine, age: age, &random)
    beard = isFeminine || random.chance(0.42) ? .none : random.pick([.stubble, .moustache, .goatee, .circle, .full])
    beardDensity = random.uniform(0.45...0.95)
    spectacles = random.chance(0.32) ? random.pick(Spectacles.allCases) : nil
    spectacleColour = random.pick([
      Light(0.05, 0.05, 0.06), Light(0.25, 0.15, 0.09), Light(0.45, 0.43, 0.40), Light(0.40, 0.10, 0.12),
      Light(0.08, 0.12, 0.22),
    ])
    spectacleSize = random.uniform(0.9...1.15)
    let cloth = [
      Light(0.16, 0.22, 0.36), Light(0.50, 0.52, 0.55), Light(0.42, 0.13, 0.15), Light(0.13, 0.29, 0.23),
      Light(0.84, 0.84, 0.82), Light(0.09, 0.09, 0.11), Light(0.60, 0.48, 0.30), Light(0.40, 0.50, 0.62),
      Light(0.66, 0.42, 0.46), Light(0.30, 0.22, 0.34),
    ]
    shirt = random.pick(cloth)
    shirtAccent = random.pick(cloth)
    pattern = random.chance(0.55) ? .plain : random.pick(Pattern.allCases)
    neckline = random.pick(Neckline.allCases)
    shoulders = isFeminine ? random.uniform(1.75...2.15) : random.uniform(2.05...2.5)
    mug = random.pick(cloth)
    seatX = random.uniform(0.42...0.58)
    seatY = random.uniform(0.45...0.52)
    lightX = random.uniform(-0.75...0.75)
    lightY = random.uniform(0.2...0.6)
    warmth = random.uniform(-0.05...0.06)
    roomSeed = random.next()
    grain = UInt32(truncatingIfNeeded: random.next())
  }
}
