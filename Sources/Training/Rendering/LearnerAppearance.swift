import StableHashing

/// What stays the same in all pictures of one made-up learner: the person, the clothes, the seat, the camera.
///
/// A drawing, not a model of people: the ranges are chosen so that pictures differ, not after any population.
struct LearnerAppearance {
  enum HairStyle: CaseIterable { case short, parted, fringe, long, bun }

  let skin: Light
  let lips: Light
  let hair: Light
  let iris: Light
  let shirt: Light
  let style: HairStyle
  /// Height of the face over its width.
  let length: Float
  /// How much the jaw narrows towards the chin.
  let taper: Float
  let eyeSize: Float
  let eyeDistance: Float
  let browThickness: Float
  let noseWidth: Float
  let lipThickness: Float
  let beard: Float
  let glasses: Light?
  let roundGlasses: Bool
  /// Half the face's width as a share of the picture's height.
  let size: Float
  /// The seat in the picture, shares of width and height.
  let seatX: Float
  let seatY: Float
  /// Direction of the light, right and up.
  let lightX: Float
  let lightY: Float
  let exposure: Float
  let warmth: Float
  let noise: Float
  let roomSeed: UInt64

  init(seed: UInt64) {
    var random = SplitMix64(seed: seed, stream: 1)
    let tone = random.uniform(0...1)
    let light = Light(0.93, 0.77, 0.67)
    let middle = Light(0.78, 0.58, 0.44)
    let deep = Light(0.45, 0.30, 0.22)
    skin = tone < 0.55 ? light.mixed(with: middle, tone / 0.55) : middle.mixed(with: deep, (tone - 0.55) / 0.45)
    lips = skin * Light(0.86, 0.60, 0.60) + Light(0.02, 0, 0.01) * random.uniform(0...2)
    let natural: [Light] = [
      Light(0.07, 0.06, 0.06), Light(0.13, 0.09, 0.07), Light(0.22, 0.14, 0.09), Light(0.34, 0.22, 0.13),
      Light(0.58, 0.45, 0.28), Light(0.40, 0.38, 0.37),
    ]
    hair = natural[min(Int(random.uniform(0...1) * (tone > 0.5 ? 2.5 : 5.99)), 5)]
    iris = random.pick([Light(0.20, 0.12, 0.07), Light(0.27, 0.17, 0.09), Light(0.26, 0.33, 0.38)])
    shirt = random.pick([
      Light(0.20, 0.28, 0.42), Light(0.55, 0.57, 0.60), Light(0.45, 0.16, 0.18), Light(0.16, 0.33, 0.27),
      Light(0.86, 0.86, 0.84), Light(0.12, 0.12, 0.14), Light(0.62, 0.50, 0.32),
    ])
    style = random.pick(HairStyle.allCases)
    length = random.uniform(1.26...1.42)
    taper = random.uniform(0.20...0.40)
    eyeSize = random.uniform(0.92...1.12)
    eyeDistance = random.uniform(0.39...0.43)
    browThickness = random.uniform(0.045...0.075)
    noseWidth = random.uniform(0.85...1.2)
    lipThickness = random.uniform(0.8...1.2)
    beard = style != .long && style != .bun && random.chance(0.3) ? random.uniform(0.15...0.5) : 0
    glasses = random.chance(0.28) ? random.pick([Light(0.08, 0.08, 0.09), Light(0.30, 0.18, 0.12)]) : nil
    roundGlasses = random.chance(0.5)
    size = random.uniform(0.175...0.225)
    seatX = random.uniform(0.42...0.58)
    seatY = random.uniform(0.45...0.52)
    lightX = random.uniform(-0.55...0.55)
    lightY = random.uniform(0.25...0.55)
    exposure = random.uniform(0.86...1.08)
    warmth = random.uniform(-0.05...0.06)
    noise = random.uniform(0.008...0.02)
    roomSeed = random.next()
  }
}
