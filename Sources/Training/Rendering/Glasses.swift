import Foundation

/// Spectacles: rims before the eyes, a bridge, and the sides to the ears.
struct Glasses {
  let kind: LearnerAppearance.Spectacles
  let learner: LearnerAppearance
  let surface: HeadSurface
  let pose: HeadPose
  let light: SceneLight

  func paint(_ canvas: inout LightCanvas) {
    let shape = surface.shape
    let lineY = shape.eyeLine + 0.05
    for side in [Float(-1), 1] {
      let rim = (0..<28).map { step -> Light in
        let a = 2 * Float.pi * Float(step) / 28
        let (x, y) = outline(a)
        return Light(
          side * (shape.eyeDistance + 0.015 + x * learner.spectacleSize), lineY + y * learner.spectacleSize, 0)
      }.map { Light($0.x, $0.y, depth($0.x)) }
      let points = rim.map(pose.project)
      lens(&canvas, points)
      if kind != .rimless {
        for i in points.indices {
          // The upper half is thicker.
          let thick: Float = kind == .pilot ? 0.014 : i > 14 ? 0.026 : 0.018
          stroke(&canvas, points[i], points[(i + 1) % points.count], thick)
        }
      }
      let hinge = Light(side * 0.80, lineY - 0.06, depth(0.78))
      let ear = Light(side * 1.01, shape.eyeLine + 0.02, -0.05)
      // The far side disappears behind the face.
      if pose.turned(Light(side, 0, 0)).z > -0.30 {
        stroke(&canvas, pose.project(hinge), pose.project(ear), 0.022)
      }
    }
    let bridge = [-0.15, -0.08, 0, 0.08, 0.15].map { (x: Float) in
      pose.project(Light(x, lineY - 0.06 - 0.025 * (1 - x * x * 44), depth(x) + 0.03))
    }
    for i in 0..<4 { stroke(&canvas, bridge[i], bridge[i + 1], 0.018) }
  }

  /// Before the face: over the nose and off the cheeks.
  private func depth(_ x: Float) -> Float { 1.08 - 0.52 * x * x }

  /// Half an outline's width is about 0.28.
  private func outline(_ a: Float) -> (x: Float, y: Float) {
    let (c, s) = (cosf(a), sinf(a))
    func power(_ v: Float, _ p: Float) -> Float { (v < 0 ? -1 : 1) * powf(abs(v), p) }
    switch kind {
    case .round: return (0.265 * c, 0.255 * s)
    case .square, .rimless: return (0.285 * power(c, 0.5), 0.195 * power(s, 0.5))
    case .cat: return (0.285 * power(c, 0.7), 0.205 * power(s, 0.7) - 0.05 * c * c * (s < 0 ? 1 : 0))
    case .pilot: return (0.285 * power(c, 0.75) * (1 - 0.12 * s), 0.235 * power(s, 0.75) + 0.03)
    }
  }

  private typealias Pixel = (x: Float, y: Float)

  private func stroke(_ canvas: inout LightCanvas, _ a: Pixel, _ b: Pixel, _ thick: Float) {
    let radius = max(thick * pose.unit, 0.55)
    let area = PixelArea(
      minX: min(a.x, b.x) - radius - 2, minY: min(a.y, b.y) - radius - 2, maxX: max(a.x, b.x) + radius + 2,
      maxY: max(a.y, b.y) + radius + 2)
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let inverse = 1 / max(dx * dx + dy * dy, 1e-6)
    let lit = learner.spectacleColour * (light.keyColour * 0.55 + light.above + light.screenColour)
    canvas.paint(area) { x, y, pixel in
      let t = clamped(((x - a.x) * dx + (y - a.y) * dy) * inverse, 0, 1)
      let (ox, oy) = (x - a.x - t * dx, y - a.y - t * dy)
      let distance = (ox * ox + oy * oy).squareRoot()
      // A light edge above, as of polished plastic.
      let edge = 0.28 * bump(squared: (oy / radius + 0.4) * (oy / radius + 0.4) * 6)
      pixel = pixel.mixed(with: lit + light.keyColour * (edge * 0.5), 0.95 * coverage(distance - radius, softness: 1.3))
    }
  }

  /// A faint tint and a slanting reflection inside the rim.
  private func lens(_ canvas: inout LightCanvas, _ points: [Pixel]) {
    let xs = points.map(\.x)
    let ys = points.map(\.y)
    let area = PixelArea(minX: xs.min()!, minY: ys.min()!, maxX: xs.max()!, maxY: ys.max()!)
    let (cx, cy) = ((area.minX + area.maxX) / 2, (area.minY + area.maxY) / 2)
    let (rx, ry) = (max((area.maxX - area.minX) / 2, 1), max((area.maxY - area.minY) / 2, 1))
    let glare = light.screenColour * 0.55 + light.keyColour * 0.12
    let rimless = kind == .rimless
    canvas.paint(area) { x, y, pixel in
      let (dx, dy) = ((x - cx) / rx, (y - cy) / ry)
      let d = dx * dx + dy * dy
      guard d < 1 else { return }
      let slant = dx * 0.8 + dy - 0.55 * (light.key.x < 0 ? -1 : 1) * 0.6
      let band = bump(squared: slant * slant * 9) * 0.5 + bump(squared: (slant - 0.6) * (slant - 0.6) * 40) * 0.25
      let edge: Float = rimless ? 0.25 * bump(squared: (d - 0.95) * (d - 0.95) * 500) : 0
      pixel = pixel * (0.97 - edge) + glare * (0.55 * band + 0.03)
    }
  }
}
