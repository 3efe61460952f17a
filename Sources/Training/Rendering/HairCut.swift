import StableHashing

/// A hair style as an outline on the head and a thickness over it. Lengths in units of half the face's width.
struct HairCut {
  enum Style: CaseIterable {
    case bald, buzz, short, parted, quiff, receding, curls, afro, bowl, bob, long, waves, ponytail, bun, braids
  }

  let style: Style
  /// Thickness over the crown and at the sides.
  var top: Float = 0.12
  var side: Float = 0.08
  /// Height of the hairline in the middle of the forehead (down is positive), and how much higher it is beside.
  var front: Float = -0.93
  var recession: Float = 0.06
  /// Where sideburns end.
  var sideburn: Float = 0.12
  /// Where the hair ends behind; covers the ears where `falls`.
  var end: Float = 0.85
  var falls = false
  /// Angle from the middle at which falling hair begins, degrees.
  var curtain: Float = 68
  /// Hair over the forehead, to one side by the sign of `parting`.
  var fringe: Float = 0
  var parting: Float = 0
  /// 0 straight … 1 in small rings.
  var curl: Float = 0
  /// Share of the scalp that is seen through.
  var thin: Float = 0

  init(isFeminine: Bool, age: Float, _ random: inout SplitMix64) {
    let short: [Style] = [
      .buzz, .short, .short, .parted, .parted, .quiff, .curls, .afro, .bowl, .receding, .bald, .bun,
    ]
    let long: [Style] = [.bob, .long, .long, .waves, .waves, .ponytail, .bun, .braids, .curls, .afro, .short, .bob]
    var chosen = random.pick(isFeminine ? long : short)
    if chosen == .bald || chosen == .receding, age < 0.15 { chosen = .short }
    style = chosen
    front += random.uniform(-0.05...0.06)
    recession = random.uniform(0...0.12)
    parting = random.uniform(0.2...0.6) * (random.chance(0.5) ? 1 : -1)
    let volume = random.uniform(0.8...1.3)
    switch style {
    case .bald: (top, side, thin) = (0.004, 0.012, 0.85)
    case .buzz: (top, side, thin, sideburn) = (0.03, 0.02, 0.25, 0.0)
    case .short: (top, side, fringe) = (0.13, 0.05, random.uniform(0...0.16))
    case .parted: (top, side, fringe) = (0.17, 0.07, 0.14)
    case .quiff: (top, side) = (0.26, 0.045)
    case .receding: (top, side, front, recession, thin) = (0.06, 0.05, -1.06, 0.30, 0.3)
    case .curls: (top, side, curl, fringe) = (0.24, 0.18, 0.7, 0.12)
    case .afro: (top, side, curl) = (0.50, 0.42, 1)
    case .bowl: (top, side, fringe, sideburn) = (0.17, 0.14, 0.36, 0.25)
    case .bob: (top, side, end, falls, fringe) = (0.17, 0.17, random.uniform(0.8...1.5), true, random.pick([0, 0.34]))
    case .long: (top, side, end, falls, fringe) = (0.14, 0.14, 3.0, true, random.pick([0, 0, 0.34]))
    case .waves: (top, side, end, falls, curl) = (0.20, 0.22, random.uniform(2.5...3.0), true, 0.3)
    case .ponytail: (top, side, fringe) = (0.09, 0.04, random.pick([0, 0.2]))
    case .bun: (top, side) = (0.09, 0.04)
    case .braids: (top, side, curtain, end, falls) = (0.10, 0.07, 80, 2.6, true)
    }
    top *= volume
    side *= volume
    if falls { curtain = min(curtain, random.uniform(62...76)) }
  }
}
