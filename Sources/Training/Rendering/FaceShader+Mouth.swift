import Foundation

/// Mouth and beard.
extension FaceShader {
  func mouth(_ x: Float, _ y: Float, _ coat: inout Coat) {
    let e = expression
    let half = shape.mouthWidth * e.mouthWidth
    let t = x / half
    guard abs(t) < 1.6 else { return }
    let t2 = t * t
    let arch = max(0, 1 - t2)
    let round = e.mouthOpening > 0.22 ? arch.squareRoot() : arch * (1.4 - 0.4 * arch)
    let down = y - surface.mouthLine
    let middle = -surface.bend(t2)
    let top = middle - 0.16 * e.mouthOpening * round
    let bottom = middle + 0.84 * e.mouthOpening * round
    let stretch = 1 - 0.35 * clamped(max(0, e.smile) * 5, 0, 1)
    let upperLip = 0.072 * shape.upperLip * stretch
    let lowerLip = 0.092 * shape.lowerLip * stretch
    let bow =
      1 - 0.26 * shape.bow * bump(squared: t2 * 26) + 0.10 * shape.bow
      * bump(squared: (abs(t) - 0.27) * (abs(t) - 0.27) * 40)
    let upper = top - upperLip * (0.16 + 0.84 * arch) * bow
    let lower = bottom + lowerLip * arch.squareRoot() * (0.30 + 0.70 * arch)
    let end = coverage((abs(x) - half) * unit, softness: 3)

    // Corners are shadowed, deeper when drawn up or down.
    let cx = abs(x) - half - 0.01
    let cy = down - middle
    fold(&coat, (0.34 + 0.8 * abs(e.smile)) * bump(squared: cx * cx * 1500 + cy * cy * 1300))
    if e.smile < -0.01 {
      // Drawn-down corners leave a line towards the chin.
      let run = down + e.smile * 0.7 - 0.07
      let line = abs(x) - half - 0.03 - 0.25 * run
      fold(&coat, min(0.4, -4 * e.smile) * bump(squared: line * line * 1500 + run * run * 130))
    }

    let lips =
      coverage((upper - down) * unit, softness: 2.6) * coverage((down - lower) * unit, softness: 3) * end
    if lips > 0.003 {
      let ridges = 0.94 + 0.12 * smoothNoise(x * 60, down * 8, learner.grain &+ 51)
      let isUpper = down < (top + bottom) / 2
      let plump = bump(squared: (down - (bottom + lower) / 2) * (down - (bottom + lower) / 2) * 1500 + t2 * 3)
      let tone: Float = isUpper ? 0.86 : 1.0 + 0.10 * plump
      coat.colour = coat.colour.mixed(with: learner.lips * (tone * ridges), 0.88 * lips)
      coat.shine = coat.shine * (1 - lips) + (isUpper ? 0.04 : 0.05 + 0.16 * plump) * lips
    }
    if e.mouthOpening > 0.012 {
      let hole = coverage((top - down) * unit, softness: 1.4) * coverage((down - bottom) * unit, softness: 1.4) * end
      if hole > 0.003 { inside(&coat, hole, t: t, down: down, top: top, bottom: bottom, x: x) }
    } else {
      let line = down - middle
      let seam = bump(squared: line * line * 6000) * end
      coat.colour = coat.colour.mixed(with: learner.lips * 0.28, 0.88 * seam)
    }
  }

  /// What an open mouth shows: dark, teeth above, the tongue below.
  private func inside(_ coat: inout Coat, _ hole: Float, t: Float, down: Float, top: Float, bottom: Float, x: Float) {
    let e = expression
    var colour = Light(0.11, 0.035, 0.035)
    let gap = max(bottom - top, 1e-3)
    let height = min(0.115, e.mouthOpening * (0.35 + 0.40 * e.teeth)) * (1 - 0.3 * t * t)
    let reach = e.teeth > 0.6 ? 0.93 : 0.62
    let row =
      coverage((down - top - height) * unit, softness: 2) * coverage((abs(t) - Float(reach)) * unit * 0.3, softness: 4)
    let amount = row * (0.30 + 0.66 * e.teeth)
    if amount > 0.01 {
      // Gaps between the teeth, wider in the middle.
      let tooth = abs(x) * (10.5 + 5 * abs(x))
      let between = bump(squared: (tooth - tooth.rounded()) * (tooth - tooth.rounded()) * 90)
      let white = Light(0.86, 0.83, 0.77) * ((1 - 0.45 * t * t) * (1 - 0.22 * between))
      colour = colour.mixed(with: white, amount)
    }
    if e.mouthOpening > 0.14 {
      let rise = (bottom - down) / gap
      let tongue = bump(squared: rise * rise * 5 + t * t * 2.2)
      let groove = 1 - 0.2 * bump(squared: t * t * 120)
      colour = colour.mixed(with: Light(0.58, 0.26, 0.26) * groove, 0.75 * tongue * (1 - amount))
      let lowRow = bump(squared: (rise - 0.06) * (rise - 0.06) * 900) * coverage((abs(t) - 0.6) * 20, softness: 4)
      colour = colour.mixed(with: Light(0.72, 0.69, 0.63), 0.5 * lowRow * e.teeth)
    }
    // Under the upper lip it is darkest.
    colour *= 1 - 0.45 * bump(squared: (down - top) * (down - top) * 1400)
    coat.colour = coat.colour.mixed(with: colour, hole)
    coat.shine *= 1 - 0.8 * hole
  }

  // MARK: Beard

  func beard(_ x: Float, _ y: Float, _ coat: inout Coat) {
    guard learner.beard != .none, y > 0.1 else { return }
    let ax = abs(x)
    let half = shape.mouthWidth * expression.mouthWidth
    let lip = shape.noseEnd + 0.55 * (surface.mouthLine - shape.noseEnd)
    let below = surface.mouthLine + 0.84 * expression.mouthOpening
    // The line from the sideburn to the corner of the mouth.
    let cheekLine = 0.30 + 0.42 * clamped((0.95 - ax) / 0.5, 0, 1)
    let full = clamped((y - cheekLine) * 7, 0, 1)
    let droop = 0.75 * max(0, ax - 0.30) * max(0, ax - 0.30)
    let across = y - lip - droop
    let tache =
      bump(squared: across * across * 130) * clamped((half + 0.10 - ax) * 14, 0, 1) * (y > shape.noseEnd ? 1 : 0.3)
    let chinTop = below + 0.17
    let goatee = clamped((y - chinTop) * 12, 0, 1) * clamped((0.36 - ax) * 10, 0, 1)
    let sides = bump(squared: (ax - half - 0.06) * (ax - half - 0.06) * 160) * clamped((y - lip) * 9, 0, 1)
    let amount: Float =
      switch learner.beard {
      case .none: 0
      case .stubble: 0.45 * max(full, tache)
      case .moustache: tache
      case .goatee: max(goatee, 0.25 * tache)
      case .circle: max(max(goatee, sides * 0.9), tache)
      case .full: max(full, tache)
      }
    guard amount > 0.01 else { return }
    let strand = smoothNoise(x * 52 + y * 9, y * 18, learner.grain &+ 13)
    let rough = smoothNoise(x * 13, y * 13, learner.grain &+ 14)
    let cover = clamped(amount * learner.beardDensity * (0.45 + 0.9 * strand) + 0.25 * (rough - 0.5) * amount, 0, 0.96)
    let colour = learner.brows.mixed(with: learner.hair, 0.4) * (0.75 + 0.5 * strand)
    coat.colour = coat.colour.mixed(with: colour, cover)
    coat.shine *= 1 - 0.9 * cover
  }
}
