import Foundation

/// Neck, shoulders and clothes, flat with round shading, below a head.
struct Body {
  let learner: LearnerAppearance
  let surface: HeadSurface
  let pose: HeadPose
  let light: SceneLight

  func paint(_ canvas: inout LightCanvas) {
    let u = pose.unit
    // The neck stands under the skull, not under the chin of a turned head.
    let root = pose.project(Light(0, 0.62, -0.35))
    let neckX = pose.centreX + 0.45 * (root.x - pose.centreX)
    let chinY = max(pose.project(Light(0, surface.chin, 0.6)).y, pose.centreY + 0.85 * u)
    let restY = pose.centreY + surface.shape.chin * u
    let shoulderY = restY + (0.34 + 0.10 * (learner.shape.chin - 1.3) * 5) * u
    neck(&canvas, x: neckX, top: root.x, topY: root.y, chinY: chinY, shoulderY: shoulderY)
    clothes(&canvas, neckX: neckX, shoulderY: shoulderY)
  }

  private func neck(
    _ canvas: inout LightCanvas, x neckX: Float, top: Float, topY: Float, chinY: Float, shoulderY: Float
  ) {
    let u = pose.unit
    let skin = learner.skin
    let width = 0.50 + 0.09 * (learner.shoulders - 1.75)
    canvas.paint(
      PixelArea(
        minX: min(neckX, top) - 1.6 * u, minY: topY - 0.1 * u, maxX: max(neckX, top) + 1.6 * u,
        maxY: shoulderY + 0.9 * u)
    ) { x, y, pixel in
      let share = clamped((y - topY) / max(shoulderY - topY, 1), 0, 1)
      let middle = top + (neckX - top) * share
      let flare = max(0, (y - shoulderY) / u + 0.30)
      let half = width * (1 - 0.10 * share) + 1.5 * flare * flare
      let across = (x - middle) / u / half
      let alpha = coverage((abs(across) - 1) * half * u, softness: 1.5)
      guard alpha > 0 else { return }
      let bend = clamped(across, -1, 1) * (flare > 0 ? 0.6 : 1)
      let n = Light(bend, -0.12, max(0.05, 1 - bend * bend).squareRoot())
      // The chin's shadow, and the muscles beside the throat.
      let under = (y - chinY) / u
      let shade = 1 - 0.50 * bump(squared: (under - 0.02) * (under - 0.02) * 9)
      let muscle = abs(across) - 0.62 + 0.5 * share
      let tendon = 1 - 0.10 * bump(squared: muscle * muscle * 90) * share
      let bone = abs(y - shoulderY - 0.12 * u + 0.10 * u * abs(across)) / u
      let clavicle = 1 - 0.10 * bump(squared: bone * bone * 900) * (abs(across) > 0.15 ? 1 : 0)
      let lit = light.matt(n, open: 0.86 * shade, seen: shade * shade, wrap: Light(0.42, 0.26, 0.20))
      let mottle = 1 + 0.05 * (smoothNoise(x / u * 5, y / u * 5, learner.grain &+ 5) - 0.5)
      pixel = pixel.mixed(with: skin * lit * (0.94 * mottle * tendon * clavicle), alpha)
    }
  }

  private func clothes(_ canvas: inout LightCanvas, neckX: Float, shoulderY: Float) {
    let u = pose.unit
    let wide = learner.shoulders
    let grain = learner.grain
    let area = PixelArea(minX: 0, minY: shoulderY - 0.8 * u, maxX: Float(canvas.width), maxY: Float(canvas.height))
    canvas.paint(area) { x, y, pixel in
      let across = (x - neckX) / u
      let slope = abs(across)
      guard slope < wide + 0.8 else { return }
      let y1 = (y - shoulderY) / u
      // From the neck down over the shoulder, then the arm.
      let round = max(0, slope - 0.62 * wide)
      let line = -0.20 + 0.22 * slope + 0.95 * round * round
      let arm = coverage((slope - wide - 0.16 * max(0, y1)) * u, softness: 2)
      let edge: Float =
        switch learner.neckline {
        case .crew: 0.20 - 0.75 * slope * slope
        case .vee: 0.72 - 1.35 * slope
        case .collar: 0.55 - 1.30 * slope
        case .hood: 0.34 - 0.62 * slope * slope
        case .turtle: slope < 0.62 ? -0.52 : line
        }
      let top = max(line, edge)
      let body = learner.neckline == .turtle ? min(line, slope < 0.62 ? -0.50 + 0.06 * slope : line) : top
      let alpha = coverage((body - y1) * u, softness: 1.6) * arm
      guard alpha > 0 else { return }
      let depth = y1 - body
      let bend = clamped(across / wide, -1, 1)
      let shoulder = bump(squared: depth * depth * 5)
      let fold = smoothNoise(across * 1.6 + 9, y1 * 0.9 + across * 0.7, grain &+ 11) - 0.5
      let crumple = smoothNoise(across * 5, y1 * 2.4 + across * 2, grain &+ 12) - 0.5
      var n = Light(0.75 * bend + 0.7 * fold, -0.10 - 0.7 * shoulder + 0.35 * crumple, 0.85)
      n *= 1 / (n * n).sum().squareRoot()
      let lit = light.matt(n, open: 0.9, seen: 0.95, wrap: Light(repeating: 0.2))
      var colour = cloth(across, y1, fold)
      colour *= detail(across, y1, depth, slope)
      pixel = pixel.mixed(with: colour * lit, alpha)
    }
  }

  private func cloth(_ x: Float, _ y: Float, _ fold: Float) -> Light {
    let (u, v) = (x + 0.10 * fold, y + 0.12 * fold)
    switch learner.pattern {
    case .plain: return learner.shirt
    case .stripes:
      let wave = v * 3.2 - Float(floored(v * 3.2))
      return wave < 0.4 ? learner.shirtAccent : learner.shirt
    case .checks:
      let a = u * 3.4 - Float(floored(u * 3.4))
      let b = v * 3.4 - Float(floored(v * 3.4))
      let share: Float = (a < 0.45 ? 0.5 : 0) + (b < 0.45 ? 0.5 : 0)
      return learner.shirt.mixed(with: learner.shirtAccent, share)
    case .print:
      let d = u * u * 1.4 + (v - 1.0) * (v - 1.0) * 2.4
      return d < 0.5 ? learner.shirt.mixed(with: learner.shirtAccent, 0.85) : learner.shirt
    }
  }

  /// Seams, collars, a hood and its strings, buttons.
  private func detail(_ x: Float, _ y: Float, _ depth: Float, _ slope: Float) -> Float {
    switch learner.neckline {
    case .crew, .vee:
      return slope < 0.9 ? 1 - 0.25 * bump(squared: (depth - 0.085) * (depth - 0.085) * 3000) : 1
    case .collar:
      let wing = abs(depth - 0.30 + 0.25 * slope)
      let button = slope < 0.03 ? 0.12 : 0
      return 1 - (slope < 0.8 ? 0.3 * bump(squared: wing * wing * 1500) : 0) - Float(button)
        + (depth < 0.26 && slope < 0.75 ? 0.10 : 0)
    case .hood:
      let string = abs(slope - 0.20 - 0.03 * sinf(y * 9))
      let roll = bump(squared: (depth - 0.14) * (depth - 0.14) * 120)
      return 1 + 0.16 * roll - 0.2 * bump(squared: (depth - 0.30) * (depth - 0.30) * 900)
        + (depth > 0.25 && depth < 1.1 ? 0.35 * bump(squared: string * string * 9000) : 0)
    case .turtle: return 1 - 0.14 * bump(squared: (y + 0.28) * (y + 0.28) * 900)
    }
  }
}
