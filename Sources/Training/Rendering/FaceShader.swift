import Foundation

/// The colours of a head: skin with its features, painted by place on the face, under the scene's light.
///
/// `FaceShader+Features.swift` and its neighbours paint eyes, brows, mouth and beard.
struct FaceShader {
  let learner: LearnerAppearance
  let expression: FacialExpression
  let surface: HeadSurface
  let light: SceneLight
  let pose: HeadPose
  let isMasked: Bool
  /// Draws what hangs behind the neck, in its shadow.
  var isBehind = false
  /// Pixels of one unit: features have edges of a pixel or two, however large the face is.
  var unit: Float { pose.unit }
  var shape: FaceShape { surface.shape }

  /// The paint on a place of the face, before any light.
  struct Coat {
    var colour: Light
    /// Share of the light that a fold leaves.
    var open: Float = 1
    var shine: Float
    /// Of its own: eyes and teeth are not lit by the skin's normals.
    var normal: Light?
    var glow: Light = .zero
  }

  private static let skinWrap = Light(0.42, 0.26, 0.20)
  private static let mattWrap = Light(0.15, 0.15, 0.15)

  func paint(_ canvas: inout LightCanvas, _ buffer: SurfaceBuffer, hair: HairShader) {
    for row in 0..<buffer.height {
      for column in 0..<buffer.width {
        let i = row * buffer.width + column
        guard let material = SurfaceBuffer.Material(rawValue: buffer.materials[i]), material != .nothing else {
          continue
        }
        let n = buffer.normals[i]
        let place = buffer.places[i]
        let colour: Light =
          switch material {
          case .skin: skin(n, place, hair)
          case .ear: ear(n, place)
          case .hair: hair.hair(n, place, light)
          case .cloth, .brim: hair.cloth(n, place, light, isBrim: material == .brim)
          case .lining: hair.cloth(n, place, light, isBrim: false) * 0.45
          case .nothing: .zero
          }
        canvas[column + buffer.left, row + buffer.top] = isBehind ? colour * 0.5 : colour
      }
    }
  }

  private func skin(_ n: Light, _ place: Light, _ hair: HairShader) -> Light {
    let (x, y) = (place.x, place.y)
    var coat = bareSkin(x, y)
    guard n.z > -0.5 else { return coat.colour * 0.2 }
    if isMasked, let mask = mask(x, y) {
      let lit = light.matt(n, open: place.z, seen: place.w, wrap: Self.mattWrap)
      return mask * lit
    }
    creases(x, y, &coat)
    beard(x, y, &coat)
    nostrils(x, y, &coat)
    if abs(y - surface.mouthLine) < 0.62, abs(x) < 0.66 { mouth(x, y, &coat) }
    if y > shape.eyeLine - 0.30, y < shape.eyeLine + 0.32 { eye(x, y, &coat) }
    if y < shape.eyeLine - 0.02 { brow(x, y, &coat) }
    hair.scalp(x, y, n, &coat)
    let m = coat.normal ?? n
    let lit = light.matt(m, open: place.z * coat.open, seen: place.w, wrap: Self.skinWrap)
    let glint = light.glint(m, sharpness: 9) * 0.5 + light.glint(m, sharpness: 40) * 0.6
    let gleam = glint * coat.shine * (0.3 + 0.7 * place.w)
    return coat.colour * lit + light.keyColour * gleam + coat.glow
  }

  private func ear(_ n: Light, _ place: Light) -> Light {
    let deep = bump(squared: place.x * place.x * 2.4 + place.y * place.y * 2.2)
    let colour = learner.skin * (Light(1.02, 0.90, 0.88) * (1 - 0.24 * deep))
    return colour * light.matt(n, open: place.z, seen: 0.8, wrap: Self.skinWrap)
  }

  /// Skin with its blotches, redness, freckles and shadows of growing hair.
  private func bareSkin(_ x: Float, _ y: Float) -> Coat {
    let grain = learner.grain
    let ax = abs(x)
    let blotch = smoothNoise(x * 4, y * 4, grain &+ 5) - 0.5
    let fine = smoothNoise(x * 26, y * 26, grain &+ 6) - 0.5
    var colour = learner.skin * (1 + 0.07 * blotch + 0.05 * fine)
    let cheek = bump(squared: (ax - 0.55) * (ax - 0.55) * 11 + (y - 0.30) * (y - 0.30) * 15)
    let nose = bump(squared: x * x * 22 + (y - shape.noseEnd + 0.1) * (y - shape.noseEnd + 0.1) * 30)
    let red = learner.flush * (0.9 * cheek + 0.7 * nose) * (0.7 + 0.6 * blotch)
    colour *= Light(1 + 0.01 * red, 1 - 0.10 * red, 1 - 0.09 * red)
    if learner.freckles > 0 {
      let speck = smoothNoise(x * 30 + 7, y * 30, grain &+ 8)
      let spread = bump(squared: (ax - 0.3) * (ax - 0.3) * 5 + (y - 0.2) * (y - 0.2) * 9)
      if speck > 0.72 { colour *= Light(0.90, 0.80, 0.72).mixed(with: Light(1, 1, 1), 1 - learner.freckles * spread) }
    }
    // The hollows of the eyes are darker and bluish red, more so when tired.
    let ex = ax - shape.eyeDistance
    let ey = y - shape.eyeLine - 0.13
    let dark =
      (0.18 + 0.22 * learner.underEyes + 0.42 * expression.weariness) * bump(squared: ex * ex * 14 + ey * ey * 60)
    colour *= Light(1 - 0.34 * dark, 1 - 0.46 * dark, 1 - 0.36 * dark)
    let shine = learner.shine * 0.16 * (0.55 + 0.9 * smoothNoise(x * 44, y * 44, grain &+ 9))
    let oily = 0.6 + 0.7 * (nose + bump(squared: x * x * 3 + (y + 0.55) * (y + 0.55) * 12))
    return Coat(colour: colour, shine: shine * oily)
  }

  /// A line of the face that lies `off` its middle (squared): darker by `depth`, redder in the dark.
  @inline(__always)
  func fold(_ coat: inout Coat, _ depth: Float) {
    coat.colour *= Light(1 - 0.62 * depth, 1 - 0.74 * depth, 1 - 0.76 * depth)
    coat.shine *= 1 - depth
  }

  /// Lines of age and of expression.
  private func creases(_ x: Float, _ y: Float, _ coat: inout Coat) {
    let ax = abs(x)
    let e = expression
    let age = learner.age
    let raise = max(0, max(e.browRaise.x, e.browRaise.y))
    // Across the forehead.
    if y < -0.42 {
      let depth = min(0.5, 0.30 * age * age + (1.6 + 2.2 * age) * raise)
      if depth > 0.03 {
        var lines: Float = 0
        for k in 0..<3 {
          let centre = -0.53 - 0.105 * Float(k) - 0.5 * raise + 0.035 * ax * ax + 0.012 * sinf(x * 6 + Float(k) * 2)
          lines += bump(squared: (y - centre) * (y - centre) * 4200)
        }
        fold(&coat, depth * lines * bump(squared: x * x * 3.4))
      }
    }
    // Between frowning brows.
    if e.frown > 0.12, ax < 0.22, y > -0.62, y < 0.02 {
      let line = ax - 0.052 - 0.05 * (y + 0.30)
      let off = y + 0.30
      fold(&coat, min(0.45, 0.36 * e.frown) * bump(squared: line * line * 2200 + off * off * 42))
      fold(&coat, 0.28 * e.frown * bump(squared: ax * ax * 200 + (y + 0.07) * (y + 0.07) * 1600))
    }
    // Beside the nose.
    let corner = shape.mouthWidth * e.mouthWidth
    let along = (y - shape.noseEnd + 0.08) / (surface.mouthLine + 0.06 - shape.noseEnd + 0.08)
    if along > -0.3, along < 1.5, ax < 0.75 {
      let line = ax - 0.20 - (corner - 0.12) * along - 0.05 * along * (1 - along)
      let depth = min(0.55, 0.07 + 0.22 * age + 2.4 * max(0, e.smile))
      fold(&coat, depth * bump(squared: (along - 0.45) * (along - 0.45) * 5) * bump(squared: line * line * 1500))
    }
    // Outside the eyes and under them.
    let ex = ax - shape.eyeDistance
    let ey = y - shape.eyeLine
    let squint = max(0, e.squint)
    if ex > 0.2, ex < 0.5, abs(ey) < 0.25 {
      let fan = sinf(atan2f(ey - 0.01, ex - 0.08) * 15)
      let depth = min(0.4, 0.30 * age + 0.35 * squint * (0.3 + age))
      fold(&coat, depth * max(0, fan) * bump(squared: (ex - 0.33) * (ex - 0.33) * 110 + ey * ey * 40))
    }
    if abs(ex) < 0.35, ey > 0.06, ey < 0.34 {
      let curve = ey - 0.185 + 0.03 * squint + 0.45 * ex * ex
      let depth = 0.08 + 0.14 * learner.underEyes + 0.14 * age + 0.24 * e.weariness + 0.2 * squint
      fold(&coat, depth * bump(squared: curve * curve * 1900 + ex * ex * 26))
    }
    // Under the lower lip and in the middle of the upper one.
    let below = y - surface.mouthLine - 0.19 - 0.84 * e.mouthOpening
    fold(&coat, 0.20 * bump(squared: ax * ax * 24 + below * below * 420))
    let philtrum = ax - 0.05
    let between = (shape.noseEnd + surface.mouthLine) / 2
    fold(&coat, 0.09 * bump(squared: philtrum * philtrum * 1900 + (y - between) * (y - between) * 120))
  }

  private func nostrils(_ x: Float, _ y: Float, _ coat: inout Coat) {
    let ax = abs(x)
    guard ax < 0.42, abs(y - shape.noseEnd) < 0.22 else { return }
    let width = shape.noseWidth
    let hole = ax - 0.085 * width
    let hy = y - shape.noseEnd + 0.005
    let depth = 0.9 * bump(squared: hole * hole * 640 / (width * width) + hy * hy * 1900)
    fold(&coat, min(1, depth))
    let wing = ax - 0.235 * width
    let wy = y - shape.noseEnd + 0.07
    fold(&coat, 0.36 * bump(squared: wing * wing * 1700 + wy * wy * 190))
    let under = y - shape.noseEnd - 0.035
    fold(&coat, 0.26 * bump(squared: ax * ax * 20 / (width * width) + under * under * 700))
  }

  /// A medical mask with its folds; nil beside it.
  private func mask(_ x: Float, _ y: Float) -> Light? {
    let ax = abs(x)
    let top = shape.noseEnd - 0.30 + 0.42 * ax * ax
    guard y > top, y < surface.chin, ax < 1.05 - 0.15 * (y - 0.5) else {
      let strap = abs(y - 0.20 + 0.10 * ax) < 0.014 && ax > 0.7
      return strap ? Light(0.86, 0.87, 0.88) : nil
    }
    let pleat = smoothNoise(0.5, y * 9 + 0.3 * ax * ax, learner.grain &+ 31)
    let edge = bump(squared: (y - top - 0.03) * (y - top - 0.03) * 2500)
    return Light(0.62, 0.74, 0.80) * (0.86 + 0.2 * pleat + 0.1 * edge)
  }
}
