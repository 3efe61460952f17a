import Foundation

/// Eyes, eyebrows, nose, mouth and glasses: each painted in a patch of the face, and only where there is head.
extension Portrait {
  private static let eyeLine: Float = -0.10
  private static let mouthLine: Float = 0.70

  /// Paints a patch in its own coordinates; `shade` returns a colour and how much of it.
  @inline(__always)
  private func patch(
    _ canvas: inout LightCanvas, _ patch: FacePatch, reach: Float,
    _ shade: (Float, Float, Light) -> (colour: Light, alpha: Float)
  ) {
    canvas.paint(patch.area(reach: reach)) { x, y, pixel in
      let (lx, ly) = patch.local(x, y)
      guard abs(lx) < reach, abs(ly) < reach else { return }
      let (hx, hy) = head.upright(x, y)
      let inside = head.headCoverage(hx, hy)
      guard inside > 0 else { return }
      let (colour, alpha) = shade(lx, ly, pixel)
      pixel = pixel.mixed(with: colour, alpha * inside)
    }
  }

  /// The soft shadows: eye sockets, temples, under the lower lip, folds beside the nose when smiling.
  func hollows(_ canvas: inout LightCanvas) {
    let shadow = learner.skin * Light(0.52, 0.42, 0.38)
    for side in [Float(-1), 1] {
      let socket = FacePatch(head, u: side * learner.eyeDistance, v: Self.eyeLine - 0.06)
      patch(&canvas, socket, reach: 0.62) { x, y, _ in
        let inner = x * -side
        let d2 = (inner - 0.06) * (inner - 0.06) * 7 + y * y * 20
        return (shadow, 0.46 * bump(squared: d2))
      }
      let bag = FacePatch(head, u: side * learner.eyeDistance, v: Self.eyeLine + 0.20)
      let tired = 0.10 + 0.28 * max(0, 0.6 - expression.eyeOpening)
      patch(&canvas, bag, reach: 0.4) { x, y, _ in
        let curve = y + 0.12 * x * x * 4
        return (shadow, tired * bump(squared: curve * curve * 260 + x * x * 14))
      }
      let cheekbone = FacePatch(head, u: side * 0.5, v: 0.24)
      patch(&canvas, cheekbone, reach: 0.5) { x, y, pixel in
        (pixel * 1.16 + Light(0.02, 0.02, 0.02), 0.8 * bump(squared: x * x * 12 + y * y * 22))
      }
      let fold = FacePatch(head, u: side * 0.36, v: 0.50)
      let depth = 0.13 + 1.5 * max(0, expression.smile)
      patch(&canvas, fold, reach: 0.34) { x, y, _ in
        let across = x * side - 0.06 - 0.34 * y - 0.3 * y * y
        return (shadow, min(depth, 0.42) * bump(squared: across * across * 420 + y * y * 22))
      }
    }
    let forehead = FacePatch(head, u: 0, v: -0.42)
    patch(&canvas, forehead, reach: 0.9) { x, y, pixel in
      (pixel * 1.10 + Light(0.015, 0.015, 0.015), 0.8 * bump(squared: x * x * 4 + y * y * 16))
    }
    if expression.frown > 0.1 {
      let between = FacePatch(head, u: 0, v: -0.30)
      patch(&canvas, between, reach: 0.25) { x, y, _ in
        let across = abs(x) - 0.055 + 0.12 * y
        return (shadow, 0.5 * expression.frown * bump(squared: across * across * 2600 + y * y * 70))
      }
    }
    if expression.browRaise > 0.05 {
      let lines = FacePatch(head, u: 0, v: -0.60)
      patch(&canvas, lines, reach: 0.55) { x, y, _ in
        let wave = y + 0.05 * x * x
        let first = bump(squared: wave * wave * 2400)
        let second = bump(squared: (wave - 0.1) * (wave - 0.1) * 2400)
        return (shadow, 1.6 * expression.browRaise * (first + second) * bump(squared: x * x * 8))
      }
    }
  }

  func nose(_ canvas: inout LightCanvas) {
    let width = learner.noseWidth
    let shadow = learner.skin * Light(0.50, 0.39, 0.35)
    let litSide: Float = learner.lightX >= 0 ? 1 : -1
    // A turned head shows the tip beside the root.
    let lean = 0.30 * sinf(expression.yaw)
    let bridge = FacePatch(head, u: 0, v: 0.10)
    patch(&canvas, bridge, reach: 0.5) { x, y, pixel in
      let along = clamped((y + 0.34) / 0.7, 0, 1)
      let centre = lean * along
      let half = (0.055 + 0.075 * along * along) * width
      let ridge = bump(squared: (x - centre) * (x - centre) / (half * half) * 1.4 + y * y * 5)
      return (pixel * 1.22 + Light(0.03, 0.03, 0.03), 0.75 * ridge)
    }
    for side in [Float(-1), 1] {
      patch(&canvas, bridge, reach: 0.55) { x, y, _ in
        let along = clamped((y + 0.34) / 0.7, 0, 1)
        let centre = lean * along + side * (0.12 + 0.085 * along * along) * width
        let strength: Float = side == litSide ? 0.12 : 0.34
        let d2 = (x - centre) * (x - centre) * 240 + (y - 0.05) * (y - 0.05) * 7
        return (shadow, strength * bump(squared: d2))
      }
    }
    let tip = FacePatch(head, u: 0, v: 0.40)
    patch(&canvas, tip, reach: 0.4) { x, y, pixel in
      let cx = x - lean
      // Under the tip, then the wings.
      let under = bump(squared: cx * cx * 22 / (width * width) + (y - 0.09) * (y - 0.09) * 190)
      let wing = abs(cx) - 0.19 * width
      let wings = bump(squared: wing * wing * 700 + (y - 0.0) * (y - 0.0) * 90)
      return (shadow, min(0.55, 0.42 * under + 0.42 * wings))
    }
    patch(&canvas, tip, reach: 0.3) { x, y, pixel in
      let cx = x - lean
      return (
        pixel * 1.18 + Light(0.03, 0.03, 0.03), 0.7 * bump(squared: cx * cx * 90 + (y + 0.06) * (y + 0.06) * 120)
      )
    }
    patch(&canvas, tip, reach: 0.3) { x, y, _ in
      let hole = abs(x - lean) - 0.085 * width
      let d2 = hole * hole * 620 + (y - 0.065) * (y - 0.065) * 2200
      return (learner.skin * Light(0.22, 0.14, 0.12), 0.85 * bump(squared: d2 * 1.1))
    }
  }

  func eye(_ canvas: inout LightCanvas, side: Float) {
    let frame = FacePatch(head, u: side * learner.eyeDistance, v: Self.eyeLine)
    let unit = head.unit
    let half = 0.205 * learner.eyeSize
    let opening = max(0, expression.eyeOpening)
    let upper = 0.088 * opening * learner.eyeSize
    let lower = 0.050 * min(opening, 1.1) * learner.eyeSize
    let drop = 0.05 * (1 - min(opening, 1))
    let white = Light(0.90, 0.88, 0.86) * 0.92
    let lash = learner.hair.mixed(with: Light(0.04, 0.03, 0.03), 0.8)
    let lid = learner.skin * Light(0.80, 0.70, 0.66)
    let irisRadius = 0.092 * learner.eyeSize
    let irisX = expression.gazeX * 0.085
    let irisY = expression.gazeY * 0.04 - 0.012 + drop
    patch(&canvas, frame, reach: 0.36) { x, y, pixel in
      // The outer corner is a little higher.
      let tilt = y + 0.045 * x * side
      let t = clamped(x / half, -1.25, 1.25)
      let arch = max(0, 1 - t * t)
      let top = drop - upper * arch * (1.1 - 0.1 * arch)
      let bottom = drop + lower * arch + 0.004
      let end = coverage((abs(x) - half) * unit, softness: 2)
      // Upper lid and its crease.
      var colour = pixel
      let crease = tilt - (top - 0.055 - 0.02 * (1 - min(opening, 1)))
      colour = colour.mixed(with: lid, 0.65 * bump(squared: crease * crease * 2600 + t * t * 0.9))
      let lidArea = coverage((tilt - top) * unit) * coverage((top - 0.06 - tilt) * unit, softness: 3) * end
      colour = colour.mixed(with: lid, 0.5 * lidArea)
      let open = coverage((top - tilt) * unit) * coverage((tilt - bottom) * unit) * end
      if open > 0 {
        var ball = white * (0.98 - 0.35 * t * t)
        let dx = x - irisX
        let dy = tilt - irisY
        let r = (dx * dx + dy * dy).squareRoot()
        let ring = learner.iris * (0.75 + 0.7 * r / irisRadius)
        ball = ball.mixed(with: ring, coverage((r - irisRadius) * unit, softness: 1.3))
        ball = ball.mixed(with: Light(0.05, 0.04, 0.04), coverage((r - irisRadius * 0.48) * unit, softness: 1.2))
        // The upper lid's shadow, then a reflection of the screen.
        ball = ball * (1 - 0.5 * bump(squared: (tilt - top) * (tilt - top) * 700))
        let gx = dx - 0.03 * learner.lightX * 2
        let gy = dy + 0.034
        ball = ball.mixed(with: Light(0.97, 0.98, 1), 0.9 * bump(squared: (gx * gx + gy * gy) * 4200))
        colour = colour.mixed(with: ball, open)
      }
      let line = tilt - top
      let thick: Float = 0.020 + 0.010 * max(0, t * side)
      let lashes = bump(squared: line * line / (thick * thick)) * end * (0.5 + 0.5 * min(1, arch * 3))
      colour = colour.mixed(with: lash, 0.9 * lashes)
      let lowLine = tilt - bottom
      colour = colour.mixed(with: lash, 0.32 * bump(squared: lowLine * lowLine * 4200) * end)
      return (colour, 1)
    }
  }

  func brow(_ canvas: inout LightCanvas, side: Float) {
    let raise = expression.browRaise
    let frown = max(0, expression.frown)
    let frame = FacePatch(head, u: side * (learner.eyeDistance + 0.01 - 0.04 * frown), v: Self.eyeLine - 0.25 - raise)
    let colour = learner.hair.mixed(with: Light(0.10, 0.07, 0.06), 0.45)
    patch(&canvas, frame, reach: 0.42) { x, y, _ in
      let out = x * side
      // From the inner end (−0.24) over the arch to the outer end (0.27), which is thinner.
      let along = (out + 0.24) / 0.51
      let centre = -0.055 * (1 - (along * 2 - 1.2) * (along * 2 - 1.2) * 0.6) + 0.10 * frown * (0.6 - along)
      let thickness = learner.browThickness * (1.05 - 0.55 * max(0, along - 0.3))
      let ends = clamped(along * 5, 0, 1) * clamped((1.05 - along) * 3.4, 0, 1)
      let hairs = 0.75 + 0.5 * smoothNoise(x * 70 + y * 30 * side, y * 25, grain &+ 17)
      let distance = (abs(y - centre) - thickness * 0.55) * head.unit
      return (colour, min(1, 0.88 * coverage(distance, softness: 3.5) * ends * hairs))
    }
  }

  func mouth(_ canvas: inout LightCanvas) {
    let frame = FacePatch(head, u: 0.06 * sinf(expression.yaw), v: Self.mouthLine + 0.05 * expression.mouthOpening)
    let unit = head.unit
    let half = expression.mouthWidth
    let opening = expression.mouthOpening
    let smile = expression.smile
    let upperLip = 0.062 * learner.lipThickness * (1 - 0.5 * opening)
    let lowerLip = 0.085 * learner.lipThickness * (1 - 0.3 * opening)
    let dark = Light(0.16, 0.05, 0.05)
    patch(&canvas, frame, reach: 0.62) { x, y, pixel in
      let t = x / half
      let t2 = min(t * t, 1.6)
      let arch = max(0, 1 - t2)
      let round = opening > 0.25 ? arch.squareRoot() : arch
      let middle = -smile * (t2 - 0.35)
      let top = middle - 0.42 * opening * round
      let bottom = middle + 0.58 * opening * round
      let bow = 1 - 0.28 * bump(squared: t2 * 30)
      let upper = top - upperLip * (0.25 + 0.75 * arch) * bow
      let lower = bottom + lowerLip * arch.squareRoot() * (0.35 + 0.65 * arch)
      let end = coverage((abs(x) - half) * unit, softness: 3)
      var colour = pixel
      // The shadow under the lower lip and at the corners.
      let below = y - lower - 0.06
      colour = colour.mixed(with: pixel * 0.74, 0.8 * bump(squared: below * below * 420 + t2 * 2.6))
      let cx = abs(x) - half
      let cy = y - middle
      colour = colour.mixed(with: pixel * 0.62, 0.7 * bump(squared: cx * cx * 1300 + cy * cy * 1300))
      let lips = coverage((upper - y) * unit, softness: 2.4) * coverage((y - lower) * unit, softness: 2.4) * end
      let light =
        y < middle
        ? 0.84 : 1.04 + 0.22 * bump(squared: (y - (bottom + lower) / 2) * (y - (bottom + lower) / 2) * 1800 + t2 * 5)
      colour = colour.mixed(with: learner.lips * light, 0.85 * lips)
      if opening > 0.015 {
        let hole = coverage((top - y) * unit) * coverage((y - bottom) * unit) * end
        var inside = dark
        // A smile shows the upper teeth, a yawn their edge and the tongue.
        let teeth = (smile > 0.05 ? 0.62 : 0.16) * opening
        let row =
          coverage((y - (top + teeth)) * unit, softness: 2) * coverage((abs(t) - 0.82) * half * unit, softness: 4)
        inside = inside.mixed(with: Light(0.88, 0.86, 0.81) * (1 - 0.35 * t2), row * (smile > 0.05 ? 0.95 : 0.6))
        let tongue = bump(squared: (y - bottom) * (y - bottom) * 90 + t2 * 3)
        inside = inside.mixed(with: Light(0.55, 0.24, 0.24), opening > 0.2 ? 0.7 * tongue : 0)
        colour = colour.mixed(with: inside, hole)
      } else {
        let line = y - middle
        colour = colour.mixed(with: learner.lips * 0.36, 0.85 * bump(squared: line * line * 5200) * end)
      }
      return (colour, 1)
    }
  }

  func glasses(_ canvas: inout LightCanvas, _ colour: Light) {
    let unit = head.unit
    let thick: Float = 0.018
    for side in [Float(-1), 1] {
      let frame = FacePatch(head, u: side * (learner.eyeDistance + 0.01), v: Self.eyeLine + 0.04)
      patch(&canvas, frame, reach: 0.46) { x, y, pixel in
        let distance: Float
        if learner.roundGlasses {
          distance = (x * x + y * y * 1.15).squareRoot() - 0.30
        } else {
          let qx = max(abs(x) - 0.21, 0)
          let qy = max(abs(y) - 0.13, 0)
          distance = (qx * qx + qy * qy).squareRoot() - 0.09
        }
        let rim = coverage((abs(distance) - thick) * unit, softness: 1.3)
        let glare = distance < 0 ? 0.10 * bump(squared: (x + y - 0.1) * (x + y - 0.1) * 60) : 0
        return (colour.mixed(with: Light(1, 1, 1), rim > 0 ? 0 : 1), max(rim * 0.92, glare))
      }
    }
    let bridge = FacePatch(head, u: 0, v: Self.eyeLine)
    patch(&canvas, bridge, reach: 0.2) { x, y, _ in
      let line = abs(y - 0.35 * x * x) - thick
      return (colour, 0.9 * coverage(line * unit) * coverage((abs(x) - 0.125) * unit))
    }
  }
}
