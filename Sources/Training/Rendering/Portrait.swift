import Foundation

/// One learner in front of the camera: hair, body, head, and the features of `Portrait+Features.swift`.
///
/// Shading is a half-Lambert ellipsoid with soft dark and light patches where a face has hollows and ridges, which
/// is what a frontal Haar cascade looks for: eyes darker than cheeks and forehead, a bright ridge of the nose.
struct Portrait {
  let learner: LearnerAppearance
  let expression: FacialExpression
  let head: HeadGeometry
  let grain: UInt32

  func paint(_ canvas: inout LightCanvas) {
    backHair(&canvas)
    body(&canvas)
    ears(&canvas)
    skin(&canvas)
    hollows(&canvas)
    nose(&canvas)
    mouth(&canvas)
    for side in [Float(-1), 1] {
      eye(&canvas, side: side)
      brow(&canvas, side: side)
    }
    frontHair(&canvas)
    if let colour = learner.glasses { glasses(&canvas, colour) }
  }

  /// The square-ish area from the hairline to the chin, in pixels of the picture, not cut to it.
  var faceArea: PixelArea {
    let top = head.project(0, -0.62 * head.length)
    let bottom = head.project(0, head.length * 0.98)
    let middle = head.project(0, 0.1)
    let half = head.unit * 0.98
    let centreX = 0.5 * head.centreX + 0.5 * middle.x
    return PixelArea(
      minX: centreX - half, minY: min(top.y, head.centreY - 0.5 * head.unit), maxX: centreX + half,
      maxY: max(bottom.y, head.centreY + 0.9 * head.unit) + head.unit * (head.jaw - 1))
  }

  // MARK: Hair

  private func hairColour(_ hx: Float, _ hy: Float) -> Light {
    // Strands run down and outwards, so noise is stretched along them.
    let strand =
      smoothNoise(hx * 26 + hy * hx * 5, hy * 3.2, grain) * 0.55
      + smoothNoise(hx * 60, hy * 5, grain &+ 7) * 0.45
    let sheen = bump(squared: (hy + 0.85 + 0.2 * hx * hx) * (hy + 0.85 + 0.2 * hx * hx) * 22)
    let side = 1 + 0.25 * learner.lightX * hx
    return learner.hair * ((0.62 + 0.6 * strand) * side) + Light(0.16, 0.14, 0.12) * (sheen * strand * 0.8)
  }

  private func backHair(_ canvas: inout LightCanvas) {
    let u = head.unit
    let low: Float
    let wide: Float
    switch learner.style {
    case .long: (low, wide) = (1.75, 1.24)
    case .bun: (low, wide) = (0.3, 1.06)
    default: (low, wide) = (0.25, 1.07)
    }
    let area = PixelArea(
      minX: head.centreX - 2 * u, minY: head.centreY - 2.4 * u, maxX: head.centreX + 2 * u,
      maxY: head.centreY + 2.2 * u)
    canvas.paint(area) { x, y, pixel in
      let (hx, hy) = head.upright(x, y)
      let ry = hy < 0 ? head.length * 1.1 : low
      let yy = hy / ry
      // Long hair falls almost straight: a higher power below.
      let x2 = hx * hx / (wide * wide)
      let y2 = yy * yy
      let gauge = hy < 0 ? (x2 + y2).squareRoot() : (x2 * x2 + y2 * y2).squareRoot().squareRoot()
      guard gauge < 1.1 || hy < -head.length else { return }
      var alpha = coverage((gauge - 1) * u, softness: 3)
      if learner.style == .bun {
        let dy = hy + head.length * 1.16
        alpha = max(alpha, coverage(((hx * hx + dy * dy).squareRoot() - 0.36) * u, softness: 3))
      }
      if alpha > 0 { pixel = pixel.mixed(with: hairColour(hx, hy) * 0.72, alpha) }
    }
  }

  private func frontHair(_ canvas: inout LightCanvas) {
    let u = head.unit
    let area = PixelArea(
      minX: head.centreX - 1.4 * u, minY: head.centreY - 1.9 * u, maxX: head.centreX + 1.4 * u,
      maxY: head.centreY + 0.75 * u)
    let parting: Float = grain & 1 == 0 ? 0.35 : -0.35
    canvas.paint(area) { x, y, pixel in
      let (hx, hy) = head.upright(x, y)
      let volume: Float = learner.style == .short ? 1.07 : 1.1
      let (outer, _, _) = head.gauge(hx / volume, (hy + 0.02) / (hy < 0 ? volume : 1))
      guard outer < 1.05 else { return }
      let (fu, fv, fz) = head.unturned(hx, hy)
      let across = abs(fu)
      var line = -0.60 * head.length
      switch learner.style {
      case .short: line += 0.10 * fu * fu
      case .parted: line += 0.28 * abs(fu - parting) - 0.16
      case .fringe: line += 0.26 + 0.05 * sinf(fu * 17)
      case .long: line += 0.42 * fu * fu - 0.03
      case .bun: line += 0.20 * fu * fu - 0.04
      }
      // At the temples hair comes down in front of the ears.
      let temple = clamped((across - 0.78) / 0.2, 0, 1)
      let sideburn: Float = learner.style == .long ? 1.3 : 0.05
      line += (sideburn - line) * temple * temple * (fz > -0.2 ? 0.9 : 1)
      let edge = 1.6 + 5 * smoothNoise(hx * 34, hy * 6, grain &+ 3)
      var alpha = coverage((fv - line) * u, softness: edge)
      alpha *= coverage((outer - 1) * u, softness: 3)
      if alpha > 0 {
        let shade = hairColour(hx, hy)
        pixel = pixel.mixed(with: shade, alpha)
      }
    }
  }

  // MARK: Body and skin

  private func body(_ canvas: inout LightCanvas) {
    let u = head.unit
    let chinY = head.centreY + head.length * u
    let shoulderY = head.centreY + (head.length + 0.52) * u
    let neckX = head.centreX
    let skin = learner.skin
    canvas.paint(
      PixelArea(minX: neckX - 0.75 * u, minY: chinY - 0.7 * u, maxX: neckX + 0.75 * u, maxY: chinY + 1.0 * u)
    ) { x, y, pixel in
      let down = (y - chinY) / u
      let half = 0.50 + 0.10 * down * down + (down > 0.3 ? 0.25 * (down - 0.3) : 0)
      let across = (x - neckX) / u
      let alpha = coverage((abs(across) - half) * u, softness: 2)
      let round = 1 - 0.35 * (across / half) * (across / half) + 0.25 * learner.lightX * across
      // The chin's shadow on the neck.
      let shadow = 1 - 0.42 * bump(squared: (down - 0.05) * (down - 0.05) * 7)
      pixel = pixel.mixed(with: skin * (0.86 * round * shadow), alpha)
    }
    let area = PixelArea(minX: 0, minY: shoulderY - 0.5 * u, maxX: Float(canvas.width), maxY: Float(canvas.height))
    canvas.paint(area) { x, y, pixel in
      let across = (x - neckX) / u
      let slope = abs(across)
      // A neckline, then shoulders that round off.
      let neckline = shoulderY + u * (0.30 - 0.9 * max(0, slope - 0.28))
      let round = max(0, slope - 1.25)
      let line = max(shoulderY - 0.22 * u + u * (0.17 * slope + 0.75 * round * round), slope < 0.62 ? neckline : 0)
      let alpha = coverage(line - y, softness: 2)
      guard alpha > 0 else { return }
      let fold = smoothNoise(x / u * 2.2 + 9, y / u * 1.3, grain &+ 11) - 0.5
      let depth = (y - line) / u
      let collar = bump(squared: (depth - 0.05) * (depth - 0.05) * 900) * (slope < 0.66 ? 1 : 0)
      let lit = 0.9 + 0.22 * fold + 0.16 * learner.lightX * across - 0.10 * slope - 0.25 * collar
      pixel = pixel.mixed(with: learner.shirt * lit, alpha)
    }
  }

  private func ears(_ canvas: inout LightCanvas) {
    guard learner.style != .long else { return }
    for side in [Float(-1), 1] {
      // The ear on the averted side disappears behind the head.
      let turned = side * expression.yaw
      let ex = side * (1.0 - 0.35 * max(0, turned) * 1.4) + 0.1 * expression.yaw
      let ey: Float = 0.02 + 0.8 * -expression.pitch
      let reach = 0.4 * head.unit
      let cx = head.centreX + head.unit * (ex * cosf(expression.roll) - ey * sinf(expression.roll))
      let cy = head.centreY + head.unit * (ex * sinf(expression.roll) + ey * cosf(expression.roll))
      canvas.paint(PixelArea(minX: cx - reach, minY: cy - reach, maxX: cx + reach, maxY: cy + reach)) {
        x, y, pixel in
        let (hx, hy) = head.upright(x, y)
        let dx = (hx - ex) / 0.13
        let dy = (hy - ey) / 0.27
        let g = (dx * dx + dy * dy).squareRoot()
        let alpha = coverage((g - 1) * 0.15 * head.unit, softness: 1.6)
        let inner = bump(squared: dx * dx * 2.5 + dy * dy * 2)
        let lit = 0.86 + 0.2 * learner.lightX * side - 0.25 * inner
        pixel = pixel.mixed(with: learner.skin * lit * Light(1.02, 0.93, 0.92), alpha)
      }
    }
  }

  private func skin(_ canvas: inout LightCanvas) {
    let u = head.unit
    let reach = (head.length * head.jaw + 0.1) * u
    let area = PixelArea(
      minX: head.centreX - reach, minY: head.centreY - reach, maxX: head.centreX + reach, maxY: head.centreY + reach)
    let lightZ = max(0.2, 1 - learner.lightX * learner.lightX - learner.lightY * learner.lightY).squareRoot()
    canvas.paint(area) { x, y, pixel in
      let (hx, hy) = head.upright(x, y)
      let (gauge, nx, ny) = head.gauge(hx, hy)
      guard gauge < 1.06 else { return }
      let alpha = head.headCoverage(hx, hy)
      let nz = max(0, 1 - gauge * gauge).squareRoot()
      let lambert = nx * learner.lightX - ny * learner.lightY + nz * lightZ
      let half = 0.5 + 0.5 * lambert
      let shine = max(0, lambert - 0.80) * 0.7
      let blotch = smoothNoise(hx * 5, hy * 5, grain &+ 5) - 0.5
      let light = 0.40 + 0.70 * half * (0.55 + 0.45 * half) + 0.03 * blotch
      // Skin in shadow turns redder.
      let shade = Light(1, 0.94 + 0.06 * half, 0.90 + 0.10 * half)
      var colour = learner.skin * shade * light + Light(shine, shine, shine) * 0.5
      // Cheeks, and a beard on the lower face.
      let (fu, fv, _) = head.unturned(hx, hy)
      let cheek = bump(squared: ((abs(fu) - 0.52) * (abs(fu) - 0.52) + (fv - 0.38) * (fv - 0.38)) * 16)
      colour = colour * (Light(1, 1, 1) - Light(-0.03, 0.05, 0.05) * cheek)
      if learner.beard > 0 {
        let jawline = clamped((fv - 0.42 + 0.35 * (fu * fu < 0.25 ? 0 : -(abs(fu) - 0.5))) / 0.3, 0, 1)
        let stubble = 0.75 + 0.5 * smoothNoise(hx * 55, hy * 55, grain &+ 13)
        colour = colour.mixed(with: learner.hair, learner.beard * jawline * stubble)
      }
      pixel = pixel.mixed(with: colour, alpha)
    }
  }
}
