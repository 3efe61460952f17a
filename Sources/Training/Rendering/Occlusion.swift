import Foundation
import StableHashing

/// Something before the face: a hand at the chin, cheek or mouth, a mug, hair over an eye, a mask.
struct Occlusion {
  enum Kind: CaseIterable { case chin, cheek, mouth, mug, lock, mask }

  let kind: Kind
  /// −1 from the picture's left, 1 from the right.
  let side: Float
  /// Small differences between frames, −1…1.
  let shiftX: Float
  let shiftY: Float
  let grain: UInt32

  /// Nil where nothing is before the face, by the strength.
  init?(_ nuisance: Nuisance, _ random: inout SplitMix64) {
    let isThere = random.chance(nuisance.bound(.occlusion, 0, 0.7))
    // What covers the mouth is rarer than what leaves it free.
    kind = random.pick([.chin, .chin, .chin, .cheek, .cheek, .cheek, .cheek, .mouth, .mug, .mug, .lock, .lock, .mask])
    side = random.chance(0.5) ? -1 : 1
    shiftX = random.uniform(-1...1)
    shiftY = random.uniform(-1...1)
    grain = UInt32(truncatingIfNeeded: random.next())
    if !isThere { return nil }
  }

  func paint(_ canvas: inout LightCanvas, _ portrait: Portrait) {
    let brush = LimbBrush(portrait: portrait, grain: grain)
    let chin = portrait.surface.chin
    let s = side
    let (jx, jy) = (0.05 * shiftX, 0.05 * shiftY)
    switch kind {
    case .mask: break
    case .lock: lock(&canvas, portrait)
    case .chin:
      // A loose fist under the chin: forearm, back of the hand, four bent fingers, thumb along the jaw.
      let y = chin + 0.06 + jy
      brush.limb(&canvas, (s * (0.80 + jx), y + 2.0), (s * 0.30, y + 0.52), 0.34, 0.26, sleeve: 0.55)
      brush.limb(&canvas, (s * 0.24, y + 0.44), (s * 0.02, y + 0.24), 0.33, 0.31)
      for k in 0..<4 {
        let x = s * (0.32 - 0.19 * Float(k)) + jx
        brush.limb(&canvas, (x, y + 0.36), (x - s * 0.02, y - 0.02 + 0.05 * abs(Float(k) - 1.2)), 0.115, 0.105)
      }
      brush.limb(&canvas, (s * 0.50, y + 0.36), (s * (0.58 + jx), y - 0.22), 0.13, 0.10)
    case .cheek:
      // The head leans on a palm: fingers along the cheek, forearm down and outwards.
      let x = s * (0.84 + jx)
      let y: Float = 0.78 + jy
      brush.limb(&canvas, (s * 1.15, y + 2.3), (s * 0.92, y + 0.62), 0.34, 0.25, sleeve: 0.5)
      brush.limb(&canvas, (s * 0.90, y + 0.54), (x - s * 0.04, y + 0.12), 0.29, 0.27)
      for k in 0..<4 {
        let spread = Float(k) - 1.5
        let lean = s * (0.14 * spread)
        let reach: Float = [0.50, 0.62, 0.66, 0.56][k]
        brush.limb(
          &canvas, (x + lean * 0.95, y + 0.06), (x + lean * 0.72 + s * (0.05 + 0.02 * spread), y - reach), 0.105, 0.082,
          nail: false)
      }
      brush.limb(&canvas, (x - s * 0.16, y + 0.26), (x - s * 0.34, y + 0.02), 0.10, 0.078, nail: true)
    case .mouth:
      // Fingers across the mouth.
      let y = portrait.surface.mouthLine + jy
      brush.limb(&canvas, (s * 1.1, y + 2.2), (s * 0.74, y + 0.42), 0.33, 0.25, sleeve: 0.5)
      brush.limb(&canvas, (s * 0.72, y + 0.34), (s * 0.50, y + 0.08), 0.26, 0.25)
      for k in 0..<4 {
        let row = y - 0.20 + 0.15 * Float(k)
        let reach: Float = [0.30, 0.42, 0.38, 0.22][k]
        brush.limb(&canvas, (s * 0.50, row + 0.05), (-s * (reach + jx), row - 0.02), 0.092, 0.078, nail: true)
      }
      brush.limb(&canvas, (s * 0.58, y + 0.30), (s * 0.62, y - 0.28), 0.10, 0.085, nail: false)
    case .mug:
      let drinks = shiftY < 0
      let y = portrait.surface.mouthLine + (drinks ? 0.02 : 0.62) + 0.3 * jy
      let x = s * (0.06 + jx)
      brush.limb(&canvas, (s * 1.15, y + 2.2), (s * 0.66, y + 0.74), 0.33, 0.24, sleeve: 0.45)
      brush.mug(&canvas, x: x, y: y, half: 0.40, height: 0.86, handle: s)
      for k in 0..<4 {
        let row = y + 0.16 + 0.155 * Float(k)
        brush.limb(&canvas, (x + s * 0.50, row + 0.05), (x + s * 0.02, row), 0.090, 0.078, nail: true)
      }
      brush.limb(&canvas, (x + s * 0.60, y + 0.62), (x + s * 0.50, y + 0.22), 0.22, 0.14)
    }
  }

  /// Hair that fell over one eye.
  private func lock(_ canvas: inout LightCanvas, _ portrait: Portrait) {
    let (pose, hair) = (portrait.pose, portrait.learner.hair)
    let surface = portrait.surface
    let s = side
    let area = PixelArea(
      minX: pose.centreX - 1.3 * pose.unit, minY: pose.centreY - 1.4 * pose.unit, maxX: pose.centreX + 1.3 * pose.unit,
      maxY: pose.centreY + 0.9 * pose.unit)
    let lean = pose.turned(Light(0, 0, 1))
    let end: Float = 0.30 + 0.3 * shiftY
    canvas.paint(area) { x, y, pixel in
      let (hx, hy) = pose.upright(x, y)
      let (fx, fy) = (hx - 0.9 * lean.x, hy - 0.9 * lean.y)
      let along = (fy + 0.98) / (end + 0.98)
      guard along > 0, along < 1 else { return }
      // From the hairline outwards over the eye, narrower towards its end.
      let centre = s * (0.12 + 0.52 * along - 0.12 * along * along)
      let half = 0.26 * (1 - along * along) + 0.03
      let across = (fx - centre) / half
      let strand = smoothNoise(across * 9, along * 3, grain)
      let fine = smoothNoise(across * 26, along * 5, grain &+ 1)
      let alpha =
        coverage((abs(across) - 0.75 - 0.45 * (strand - 0.5)) * half * pose.unit, softness: 2) * (0.55 + 0.6 * fine)
      guard alpha > 0 else { return }
      let n = Light(clamped(across, -1, 1) * 0.7, -0.2, 0.7)
      let lit = portrait.light.matt(n, open: 0.95, seen: 1, wrap: Light(repeating: 0.3))
      let sheen = 0.10 * bump(squared: (along - 0.35) * (along - 0.35) * 30) * fine
      pixel = pixel.mixed(with: hair * (0.5 + 0.7 * fine) * lit + portrait.light.keyColour * sheen, min(alpha, 1))
    }
    _ = surface
  }
}

/// Arms, hands and a mug: round shapes lit across, in units about the head's place.
struct LimbBrush {
  let portrait: Portrait
  let grain: UInt32

  private typealias Point = (x: Float, y: Float)

  /// A rounded limb between two points, with a shadow on what lies behind it.
  ///
  /// - Parameters:
  ///   - sleeve: share of the limb from its start that is in the shirt's sleeve.
  ///   - nail: shows a nail at the end.
  func limb(
    _ canvas: inout LightCanvas, _ start: (Float, Float), _ end: (Float, Float), _ startRadius: Float,
    _ endRadius: Float, sleeve: Float = 0, nail: Bool = false
  ) {
    let u = portrait.pose.unit
    let a = place(start)
    let b = place(end)
    let reach = (max(startRadius, endRadius) + 0.2) * u
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let length = max((dx * dx + dy * dy).squareRoot(), 1)
    let light = portrait.light
    let learner = portrait.learner
    let area = PixelArea(
      minX: min(a.x, b.x) - reach, minY: min(a.y, b.y) - reach, maxX: max(a.x, b.x) + reach,
      maxY: max(a.y, b.y) + reach)
    canvas.paint(area) { x, y, pixel in
      let along = ((x - a.x) * dx + (y - a.y) * dy) / (length * length)
      let t = clamped(along, 0, 1)
      let (ox, oy) = (x - a.x - t * dx, y - a.y - t * dy)
      let distance = (ox * ox + oy * oy).squareRoot()
      let isSleeve = sleeve > 0 && along < sleeve
      let radius = (startRadius + (endRadius - startRadius) * t + (isSleeve ? 0.05 : 0)) * u
      let gap = (distance - radius) / u
      if gap > 0 {
        // Contact shadow.
        pixel *= 1 - 0.30 * bump(squared: gap * gap * 500)
      }
      let alpha = coverage(distance - radius, softness: 1.5)
      guard alpha > 0 else { return }
      let r = min(distance / radius, 1)
      let inverse = 1 / max(distance, 1e-3)
      let n = Light(ox * inverse * r * 0.95, oy * inverse * r * 0.95, max(0.05, 1 - r * r).squareRoot())
      var colour = learner.skin * Light(1.0, 0.94, 0.92)
      if isSleeve {
        let fold = smoothNoise(along * 14, ox / u * 3, grain &+ 3)
        colour = learner.shirt * (0.85 + 0.3 * fold)
      } else {
        // Joints and the skin over them; a nail.
        let mottle = smoothNoise(x / u * 9, y / u * 9, grain &+ 4) - 0.5
        let joint =
          bump(squared: (along - 0.45) * (along - 0.45) * 260) * (length < 1.1 * u && startRadius < 0.15 ? 1 : 0)
        colour *= Light(1, 1 - 0.04 * mottle, 1 - 0.04 * mottle) * (1 + 0.05 * mottle - 0.16 * joint)
        if nail {
          let nx = (x - b.x) / u / endRadius
          let ny = (y - b.y) / u / endRadius
          let plate = bump(squared: (nx * nx + ny * ny) * 3.2)
          colour = colour.mixed(with: learner.skin * Light(1.12, 1.0, 0.98) + Light(0.04, 0.03, 0.03), 0.6 * plate)
        }
      }
      let lit = light.matt(n, open: 0.55 + 0.4 * (1 - r * r), seen: 0.92, wrap: Light(0.42, 0.26, 0.20))
      let gleam = isSleeve ? 0 : 0.035 * light.glint(n, sharpness: 14)
      pixel = pixel.mixed(with: colour * lit + light.keyColour * gleam, alpha)
    }
  }

  func mug(_ canvas: inout LightCanvas, x: Float, y: Float, half: Float, height: Float, handle: Float) {
    let u = portrait.pose.unit
    let top = place((x, y))
    let light = portrait.light
    let glaze = portrait.learner.mug
    let area = PixelArea(
      minX: top.x - (half + 0.5) * u, minY: top.y - 0.2 * u, maxX: top.x + (half + 0.5) * u,
      maxY: top.y + (height + 0.3) * u)
    canvas.paint(area) { px, py, pixel in
      let across = (px - top.x) / u / half
      let down = (py - top.y) / u
      // The rim and the foot are seen a little from below.
      let bow = 0.10 * max(0, 1 - across * across).squareRoot()
      let body =
        coverage((abs(across) - 1) * half * u, softness: 1.5) * coverage((-bow * 0.6 - down) * u, softness: 1.5)
        * coverage((down - height - bow * 0.6) * u, softness: 1.5)
      let (hx, hy) = (across * half - handle * (half + 0.04), down - height * 0.5)
      let ring = abs((hx * hx * 1.5 + hy * hy).squareRoot() - 0.22) - 0.045
      let grip = coverage(ring * u, softness: 1.5) * (across * handle > 0.98 ? 1 : 0)
      let alpha = max(body, Float(grip))
      guard alpha > 0 else { return }
      let bend = clamped(across, -1, 1)
      let n = Light(bend, -0.05, max(0.05, 1 - bend * bend).squareRoot())
      let lit = light.matt(n, open: 0.9, seen: 1, wrap: Light(repeating: 0.1))
      let gloss = 0.30 * light.glint(n, sharpness: 24)
      let rim = 1 + 0.2 * bump(squared: (down + bow * 0.6 - 0.02) * (down + bow * 0.6 - 0.02) * 3000)
      pixel = pixel.mixed(with: glaze * lit * rim + light.keyColour * gloss, alpha)
    }
  }

  /// Units about the head to pixels; hands follow the head's place and half of its turn, not its tilt.
  private func place(_ p: (Float, Float)) -> (x: Float, y: Float) {
    let pose = portrait.pose
    let facing = pose.turned(Light(0, 0, 1))
    return (pose.centreX + (p.0 + 0.75 * facing.x) * pose.unit, pose.centreY + (p.1 + 0.75 * facing.y) * pose.unit)
  }
}
