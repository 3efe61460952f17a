import Foundation

/// Hair and what is worn on the head: outlines on the scalp, meshes over it, and their colours.
struct HairShader {
  let learner: LearnerAppearance
  let surface: HeadSurface
  /// The hairline at 1025 angles from −π to π: it is asked for at every pixel.
  private var edges: [Float] = []
  /// Half widths of the head from its crown to 0.4, and angles on it by the share of that width: 257 each.
  private var halfWidths: [Float] = []
  private var angles: [Float] = []
  var cut: HairCut { learner.hairCut }

  private static let degree: Float = .pi / 180

  /// A table's value at a share of its length.
  @inline(__always)
  private static func between(_ table: [Float], _ share: Float) -> Float {
    let place = clamped(share, 0, 1) * 255.99
    let i = Int(place)
    return table[i] + (table[i + 1] - table[i]) * (place - Float(i))
  }

  /// From 0 at `a` to 1 at `b`.
  @inline(__always)
  private static func step(_ x: Float, _ a: Float, _ b: Float) -> Float {
    let t = clamped((x - a) / (b - a), 0, 1)
    return t * t * (3 - 2 * t)
  }

  init(learner: LearnerAppearance, surface: HeadSurface) {
    self.learner = learner
    self.surface = surface
    edges = (0...1024).map { hairline((Float($0) / 512 - 1) * .pi) }
    let crown = surface.shape.crown
    halfWidths = (0...256).map { surface.halfWidth(-crown + (crown + 0.4) * Float($0) / 256) }
    angles = (0...256).map { asinf(powf(Float($0) / 256, 1 / 0.88)) }
  }

  /// The height that hair reaches down to at an angle from the front, without its strands.
  @inline(__always)
  func edge(_ angle: Float) -> Float {
    let place = clamped((angle / .pi + 1) * 512, 0, 1023.99)
    let i = Int(place)
    return edges[i] + (edges[i + 1] - edges[i]) * (place - Float(i))
  }

  private func hairline(_ angle: Float) -> Float {
    let a = abs(angle) / Self.degree
    let signed = angle / Self.degree * (cut.parting < 0 ? -1 : 1)
    var y = cut.front + 0.05 * Self.step(a, 0, 25) - cut.recession * bump(squared: (a - 30) * (a - 30) * 0.004)
    if cut.fringe > 0 {
      // A fringe lies to one side of the parting, or across the whole forehead.
      let across = cut.fringe > 0.3 ? 1 : Self.step(signed, -38, -8)
      y += cut.fringe * across * (1 - 0.25 * Self.step(a, 30, 55))
    }
    let temple: Float = cut.fringe > 0.3 ? -0.38 : -0.52
    y += (temple - y) * Self.step(a, 36, 58)
    if cut.falls { return y + (cut.end - y) * Self.step(a, cut.curtain - 7, cut.curtain + 5) }
    y += (cut.sideburn - y) * Self.step(a, 60, 72)
    y += (-0.20 - y) * Self.step(a, 82, 90)
    return y + (0.80 - y) * Self.step(a, 104, 122)
  }

  /// Strands at a place of the hair, 0…1.
  @inline(__always)
  private func strand(_ angle: Float, _ y: Float) -> Float {
    let grain = learner.grain
    if cut.curl > 0.5 {
      let warp = smoothNoise(angle * 4, y * 4, grain &+ 61)
      return 0.55 * smoothNoise(angle * 11 + 2 * warp, y * 11 + 3 * warp, grain) + 0.45
        * smoothNoise(angle * 24, y * 24, grain &+ 62)
    }
    let wave = cut.curl * 0.12 * sinf(y * 7 + 3 * smoothNoise(angle * 2, y, grain &+ 63))
    let lean = angle + wave + (cut.style == .parted || cut.style == .quiff ? 0.35 * y * cut.parting : 0)
    return 0.5 * smoothNoise(lean * 22, y * 2.6, grain) + 0.5 * smoothNoise(lean * 55, y * 4, grain &+ 7)
  }

  // MARK: Meshes

  /// The hair over the scalp; places are angle and height.
  func mesh() -> SurfaceMesh {
    let (rows, columns) = (84, 104)
    var mesh = SurfaceMesh(rows: rows, columns: columns, isClosed: true)
    let end = max(cut.end, 0.85) + 0.06
    let pressed = learner.headwear != .none && learner.headwear != .headphones
    for column in 0..<columns {
      let angle = HeadSurface.angle(column, of: columns)
      let edge = edge(angle)
      let a = abs(angle) / Self.degree
      for row in 0..<rows {
        let share = Float(row) / Float(rows - 1)
        // A quarter of the rows for the crown, the rest downwards.
        let y = share < 0.6 ? -surface.shape.crown * cosf(share / 0.6 * .pi / 2) : end * (share - 0.6) / 0.4
        var p = surface.point(min(y, 0.0), angle, withFace: false)
        if y > 0 {
          // Below the ears hair hangs; over the neck it draws in.
          let hang = 1 - 0.05 * min(y, 1) + (cut.curl > 0.2 ? 0.10 * min(y, 1.2) : 0)
          let behind = p.z < 0 ? 1 - 0.5 * Self.step(y, 0.2, 1.1) * (cut.falls ? 0.5 : 1) : 1
          p = Light(p.x * hang, y, p.z * behind)
        }
        var thickness = cut.top + (cut.side - cut.top) * Self.step(y, -1.15, -0.35)
        let rough = smoothNoise(angle * 5, y * 5, learner.grain &+ 71) - 0.5
        let curls = smoothNoise(angle * 9, y * 9, learner.grain &+ 72) - 0.5
        thickness *= 1 + 0.35 * rough + 0.5 * cut.curl * curls
        // Thin at the edge, so that hair grows out of the skin, and no thicker over the face than a lock.
        let inwards = edge - y
        thickness =
          cut.falls && a > cut.curtain ? thickness : 0.015 + (thickness - 0.015) * Self.step(inwards, -0.02, 0.34)
        if !cut.falls { thickness *= 1 - 0.85 * Self.step(y, -0.1, 0.7) }
        if cut.style == .quiff, a < 70, y < -0.6 {
          thickness += 0.12 * Self.step(inwards, 0, 0.12) * (1 - Self.step(inwards, 0.2, 0.7))
        }
        // A hat presses flat what is under it, and the hair below hangs from there.
        if pressed { thickness = min(thickness, y < -0.3 ? 0.04 : 0.10) }
        let outwards = Light(p.x, y < 0 ? p.y * 0.8 : 0, p.z)
        let length = (outwards * outwards).sum().squareRoot()
        p += outwards * (thickness / max(length, 0.1))
        let i = row * columns + column
        mesh.positions[i] = p
        mesh.places[i] = Light(angle, y, 1, 1)
      }
    }
    mesh.findNormals()
    mesh.findHollows(strength: 1.2)
    return mesh
  }

  /// Whether there is hair at a place of that mesh: its edge is made of strands.
  @inline(__always)
  func isHair(_ place: Light) -> Bool {
    let edge = edge(place.x)
    let inwards = edge - place.y
    if inwards > 0.25 { return true }
    // Rings end in round outlines, straight hair in points.
    let soft: Float = cut.curl > 0.5 ? 0.05 : cut.falls || cut.fringe > 0.2 ? 0.16 : 0.12
    let locks = smoothNoise(place.x * 9, place.y * 2, learner.grain &+ 64) - 0.5
    return inwards + soft * (strand(place.x * 1.3, place.y * 0.6) - 0.6 + 0.8 * locks) > 0
  }

  /// A knot on the head or a tail behind it; nil for other styles.
  func knot() -> SurfaceMesh? {
    guard cut.style == .bun || cut.style == .ponytail else { return nil }
    let isBun = cut.style == .bun
    let centre = isBun ? Light(0, -surface.shape.crown - 0.16, -0.35) : Light(0.0, -0.9, -1.35)
    let radii = isBun ? Light(0.36, 0.30, 0.34) : Light(0.42, 0.9, 0.25)
    return Self.ball(centre, radii, places: 4)
  }

  /// An egg; places are angle and height over its middle.
  static func ball(_ centre: Light, _ radii: Light, places: Float = 1) -> SurfaceMesh {
    let (rows, columns) = (24, 32)
    var mesh = SurfaceMesh(rows: rows, columns: columns, isClosed: true)
    for row in 0..<rows {
      let turn = (Float(row) / Float(rows - 1) - 0.5) * .pi
      for column in 0..<columns {
        let angle = 2 * Float.pi * (Float(column) / Float(columns) - 0.5)
        let p = Light(sinf(angle) * cosf(turn), sinf(turn), cosf(angle) * cosf(turn))
        mesh.positions[row * columns + column] = centre + p * radii
        mesh.places[row * columns + column] = Light(angle * places / 4, sinf(turn) - 3, 0.9, 1)
      }
    }
    mesh.findNormals()
    return mesh
  }

  // MARK: Colours

  func hair(_ n: Light, _ place: Light, _ light: SceneLight) -> Light {
    let s = strand(place.x, place.y)
    let lit = light.matt(n, open: place.z, seen: 1, wrap: Light(0.35, 0.33, 0.30))
    // Strands run down: a band of light where they face between lamp and eye.
    let along = light.half.y - n.y * (n.x * light.half.x + n.y * light.half.y + n.z * light.half.z)
    let sheen = bump(squared: (along + 0.10) * (along + 0.10) * 14) * max(0, n.z + 0.3)
    let gloss = (cut.curl > 0.5 ? 0.05 : 0.15) * sheen * s * (0.4 + s)
    // Ends that hang over the face lie in their own shadow.
    return learner.hair * (0.45 + 0.85 * s) * lit + light.keyColour * gloss * (Light(0.5, 0.48, 0.45) + learner.hair)
  }

  /// Roots and short hair on the skin itself, softly into it.
  @inline(__always)
  func scalp(_ x: Float, _ y: Float, _ n: Light, _ coat: inout FaceShader.Coat) {
    guard y < 0.4, y < -0.3 || abs(x) > 0.7 else { return }
    if learner.headwear == .scarf { return }
    let crown = surface.shape.crown
    let half = Self.between(halfWidths, (y + crown) / (crown + 0.4))
    let share = clamped(abs(x) / max(half, 0.05), 0, 1)
    // The angle on the egg that this x belongs to; behind the ears it is the hair's mesh that counts.
    let angle = Self.between(angles, share) * (x < 0 ? -1 : 1)
    let inwards = edge(angle) - y
    guard inwards > -0.12 else { return }
    let s = smoothNoise(angle * 45, y * 9, learner.grain &+ 81)
    let cover = clamped((inwards + 0.05) * 9, 0, 1) * (1 - 0.85 * cut.thin) * (0.55 + 0.5 * s)
    coat.colour = coat.colour.mixed(with: learner.hair * 0.7, clamped(cover, 0, 0.95))
    coat.shine *= 1 - 0.8 * cover
  }

  /// The colour of what is worn: ribs, folds or smooth.
  func cloth(_ n: Light, _ place: Light, _ light: SceneLight, isBrim: Bool) -> Light {
    var tone: Float = 1
    switch learner.headwear {
    case .beanie:
      tone = 0.86 + 0.2 * abs(sinf(place.x * 38))
      if place.y > -0.86 { tone *= 0.92 + 0.12 * bump(squared: (place.y + 0.84) * (place.y + 0.84) * 3000) }
    case .scarf:
      tone = 0.86 + 0.3 * smoothNoise(place.x * 3 + place.y * 1.6, place.y * 2.2 - place.x * 0.7, learner.grain &+ 91)
    case .turban:
      let wrap = place.y * 5 + abs(place.x) * 2.6
      tone = 0.78 + 0.3 * (wrap - wrap.rounded(.down))
    case .cap: tone = isBrim ? 0.85 : 1 - 0.10 * bump(squared: place.x * place.x * 4000)
    default: tone = 0.9
    }
    let weave = 0.97 + 0.06 * smoothNoise(place.x * 70, place.y * 70, learner.grain &+ 92)
    let gloss = learner.headwear == .headphones ? 0.25 * light.glint(n, sharpness: 30) : 0
    return learner.headwearColour * (tone * weave) * light.matt(n, open: place.z, seen: 1, wrap: Light(repeating: 0.2))
      + light.keyColour * gloss
  }
}
