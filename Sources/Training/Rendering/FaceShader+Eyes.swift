import Foundation

/// Eyes with their lids and lashes, and brows.
extension FaceShader {
  /// The edges of one eye's opening: heights over and under the line of the eye at a share of its half width.
  private struct Opening {
    let upper: Float
    let lower: Float
    let drop: Float

    init(_ shape: FaceShape, opening: Float, squint: Float) {
      let open = max(0, opening)
      let height = shape.eyeHeight * shape.eyeSize
      upper = 0.098 * open * height
      lower = 0.052 * min(open, 1.15) * height * (1 - 0.55 * min(squint, 1))
      drop = 0.055 * (1 - min(open, 1))
    }
  }

  func eye(_ x: Float, _ y: Float, _ coat: inout Coat) {
    let side: Float = x < 0 ? -1 : 1
    let half = 0.215 * shape.eyeSize
    // From the inner corner outwards.
    let out = x * side - shape.eyeDistance
    guard abs(out) < half * 1.7 else { return }
    let down = y - shape.eyeLine + shape.eyeTilt * out / half * 0.45
    let t = clamped(out / half, -1.3, 1.3)
    let amount = side < 0 ? expression.eyeOpening.x : expression.eyeOpening.y
    let edges = Opening(shape, opening: amount, squint: expression.squint)
    // The upper edge is highest inside of the middle, the lower one lowest outside of it.
    let ta = t + 0.12
    let tb = t - 0.14
    let archUp = max(0, 1 - ta * ta / (ta < 0 ? 0.80 : 1.25))
    let archDown = max(0, 1 - tb * tb / (tb < 0 ? 1.30 : 0.76))
    let top = edges.drop - edges.upper * archUp.squareRoot() * (0.55 + 0.45 * archUp)
    let bottom = edges.drop + edges.lower * archDown * (1.25 - 0.25 * archDown) + 0.004
    let within = coverage((abs(out) - half) * unit, softness: 2)
    let open = coverage((top - down) * unit, softness: 1.2) * coverage((down - bottom) * unit, softness: 1.2) * within

    upperLid(&coat, down: down, top: top, t: t, amount: amount)
    if open > 0.003 { eyeball(&coat, open, out: out, down: down, side: side, edges: edges, top: top, half: half) }
    lashes(&coat, down: down, top: top, bottom: bottom, t: t, amount: amount, within: within)
  }

  private func upperLid(_ coat: inout Coat, down: Float, top: Float, t: Float, amount: Float) {
    let closing = 1 - min(max(amount, 0), 1)
    // A wide open eye hides the lid under its fold; a closed one shows all of it.
    let height = shape.lidFold * (amount > 1 ? 0.65 : 1) + 0.055 * closing
    let crease = down - top + height + 0.012 * t * t
    let covered = shape.hooded * max(0, t) * 0.6
    let ends = bump(squared: t * t * 0.85)
    fold(&coat, (0.42 - 0.2 * covered) * bump(squared: crease * crease * 3400) * ends)
    if down < top, crease > 0 {
      // The lid itself: a little darker, shining where it bulges.
      let bulge = bump(squared: (down - top + height * 0.5) * (down - top + height * 0.5) * 900 + t * t * 1.6)
      coat.colour *= 1 - (0.06 + 0.16 * learner.eyeliner * learner.eyeliner) * ends
      coat.colour *= 1 + 0.09 * bulge * closing
      coat.shine *= 1 + 0.6 * bulge
    }
    if covered > 0.05, down < top + 0.012, down > top - 0.05 { fold(&coat, 0.3 * covered * ends) }
  }

  private func eyeball(
    _ coat: inout Coat, _ open: Float, out: Float, down: Float, side: Float, edges: Opening, top: Float, half: Float
  ) {
    let x = out * side
    let radius = 0.098 * shape.eyeSize
    let irisX = expression.gazeX * 0.098
    let irisY = expression.gazeY * 0.045 - 0.016 + 0.6 * edges.drop
    let t = out / half
    // Whites are pink towards the corners; the inner corner has its flesh.
    var ball = Light(0.88, 0.86, 0.845).mixed(
      with: Light(0.80, 0.62, 0.58), 0.45 * t * t + 0.25 * expression.weariness * 0.5)
    let caruncle = bump(squared: (t + 0.93) * (t + 0.93) * 60 + down * down * 500)
    ball = ball.mixed(with: Light(0.72, 0.42, 0.40), 0.8 * caruncle)
    let (dx, dy) = (x - irisX, down - irisY)
    // A turned eye shows its iris as an ellipse.
    let squeeze = 1 + 0.22 * expression.gazeX * expression.gazeX
    let r = (dx * dx * squeeze + dy * dy).squareRoot()
    if r < radius * 1.2 {
      let spoke = 0.8 + 0.4 * smoothNoise(atan2f(dy, dx) * 7, r * 20, learner.grain &+ 41)
      let share = r / radius
      var iris = learner.iris * (spoke * (0.75 + 0.75 * share))
      iris *= 1 - 0.6 * clamped((share - 0.78) * 4.5, 0, 1)
      iris = iris.mixed(with: Light(0.02, 0.018, 0.018), coverage((r - radius * 0.44) * unit, softness: 1.4))
      ball = ball.mixed(with: iris, coverage((r - radius) * unit, softness: 1.5))
    }
    // The lid's shadow on the ball.
    let shadow = bump(squared: (down - top) * (down - top) * 520)
    ball *= 1 - 0.55 * shadow
    coat.colour = coat.colour.mixed(with: ball, open)
    coat.shine *= 1 - open
    coat.open += (0.92 - coat.open) * open
    let bend = Light(x * 2.2, down * 1.6, 1)
    var normal = pose.turned(bend * (1 / (bend * bend).sum().squareRoot()))
    normal.w = 0
    if open > 0.5 { coat.normal = normal }
    // Reflections of the key light and of the screen.
    let gx = dx - 0.040 * light.key.x * 1.3
    let gy = dy - 0.040 * light.key.y * 1.3
    let bright = bump(squared: (gx * gx + gy * gy) * 4600)
    let sx = dx + 0.012
    let sy = dy - 0.018
    let screen = bump(squared: max(abs(sx) - 0.010, 0) * max(abs(sx) - 0.010, 0) * 9000 + sy * sy * 7000)
    coat.glow += (Light(0.85, 0.88, 0.90) * bright + light.screenColour * (0.7 * screen)) * open
  }

  private func lashes(
    _ coat: inout Coat, down: Float, top: Float, bottom: Float, t: Float, amount: Float, within: Float
  ) {
    let dark = Light(0.045, 0.035, 0.035)
    let thick: Float = 0.017 + 0.010 * max(0, t) + 0.012 * learner.eyeliner
    let line = down - top + 0.004
    let upper = bump(squared: line * line / (thick * thick)) * within
    coat.colour = coat.colour.mixed(with: dark, min(1, (0.72 + 0.25 * learner.eyeliner) * upper))
    let low = down - bottom
    let closed = amount < 0.12 ? 0.5 : 0
    let under = bump(squared: low * low * 4600) * within * (0.22 + 0.3 * learner.eyeliner + Float(closed))
    coat.colour = coat.colour.mixed(with: dark.mixed(with: learner.skin, 0.3), min(1, under))
    // The wet edge of the lower lid catches light.
    let wet = down - bottom - 0.013
    coat.colour *= 1 + 0.12 * bump(squared: wet * wet * 9000) * within
    // Outer lashes.
    if t > 0.55, t < 1.25 {
      let lash = down - top + 0.05 * (t - 0.55)
      coat.colour = coat.colour.mixed(
        with: dark, (0.25 + 0.5 * learner.eyeliner) * bump(squared: lash * lash * 5200 + (t - 0.95) * (t - 0.95) * 22))
    }
  }

  func brow(_ x: Float, _ y: Float, _ coat: inout Coat) {
    let side: Float = x < 0 ? -1 : 1
    let raise = side < 0 ? expression.browRaise.x : expression.browRaise.y
    let frown = max(0, expression.frown)
    let inner = 0.165 - 0.045 * frown
    let out = x * side
    // From the inner end over the arch to the outer end, which is thinner.
    let along = (out - inner) / (0.56 * shape.browLength)
    guard along > -0.15, along < 1.15 else { return }
    let middle = shape.eyeLine - shape.browLift - raise
    let arch = -0.060 * shape.browArch * (1 - (along * 2 - 1.3) * (along * 2 - 1.3) * 0.6)
    let slope = shape.browSlope * (along - 0.5) + 0.135 * frown * (0.50 - along)
    let curve = raise > 0 ? -0.25 * raise * (1 - (along * 2 - 1) * (along * 2 - 1)) : 0
    let centre = middle + arch + slope + curve
    let thickness = shape.browThickness * (1.12 - 0.62 * max(0, along - 0.25)) * 0.62
    let ends = clamped((along + 0.08) * 6, 0, 1) * clamped((1.06 - along) * 3.6, 0, 1)
    let ragged = 0.45 * thickness * (smoothNoise(out * 60 + y * 40, y * 14, learner.grain &+ 17) - 0.5)
    let distance = (abs(y - centre) - thickness + ragged) * unit
    let hairs = 0.70 + 0.55 * smoothNoise(out * 75 + y * 60, y * 22, learner.grain &+ 18)
    let amount = min(1, shape.browDensity * coverage(distance, softness: 3.2) * ends * hairs)
    coat.colour = coat.colour.mixed(with: learner.brows, amount)
    coat.shine *= 1 - amount
  }
}
