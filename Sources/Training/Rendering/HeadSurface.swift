import Foundation

/// The shape of one head in one moment: an egg with a face on its front, as depth over the face's plane.
struct HeadSurface {
  let shape: FaceShape
  let expression: FacialExpression
  /// Where the jaw has moved: the chin, and the middle of the mouth.
  let chin: Float
  let mouthLine: Float

  init(_ shape: FaceShape, _ expression: FacialExpression) {
    self.shape = shape
    self.expression = expression
    chin = shape.chin + 0.70 * expression.mouthOpening
    mouthLine = shape.mouthLine + 0.01 * expression.mouthOpening - 0.12 * max(0, expression.smile)
  }

  // MARK: The egg

  /// Half the width at a height.
  func halfWidth(_ y: Float) -> Float {
    if y < 0 {
      let k = min(-y / shape.crown, 1)
      return powf(max(0, 1 - powf(k, 2.5)), 0.46) * (1 - 0.035 * bump(squared: (y + 0.45) * (y + 0.45) * 8))
    }
    let s = min(y / chin, 1)
    let narrowed =
      1 - shape.taper * s * s * (3 - 2 * s) + 0.05 * shape.fullness * bump(squared: (s - 0.5) * (s - 0.5) * 18)
    return narrowed * max(0, 1 - powf(s, shape.chinSquareness)).squareRoot()
  }

  private func frontDepth(_ y: Float) -> Float {
    if y < 0 {
      let k = min(-y / shape.crown, 1)
      return 0.98 * powf(max(0, 1 - powf(k, 2.7)), 0.5)
    }
    let s = min(y / chin, 1)
    return (0.98 - 0.05 * s) * max(0, 1 - powf(s, 9)).squareRoot()
  }

  private func backDepth(_ y: Float) -> Float {
    if y < 0 {
      let k = min(-y / shape.crown, 1)
      return 1.28 * max(0, 1 - k * k).squareRoot()
    }
    let s = min(y / chin, 1)
    return (1.28 - 0.75 * s) * max(0, 1 - powf(s, 6)).squareRoot()
  }

  private static let roundness: Float = 0.88

  // MARK: The face

  /// What stands out of the egg at (x, y) of the face, upwards of about −0.15…0.4.
  func relief(_ x: Float, _ y: Float) -> Float {
    let s = shape
    let e = expression
    let ax = abs(x)
    let side = x < 0 ? 0 : 1
    var z: Float = 0
    // Eyes: sockets with the ball in them, the ridge of the brows above.
    let ex = ax - s.eyeDistance
    let ey = y - s.eyeLine
    z -= 0.11 * s.eyeDepth * bump(squared: ex * ex * 9 + (ey + 0.02) * (ey + 0.02) * 26)
    z += 0.085 * bump(squared: ex * ex * 26 + ey * ey * 36)
    let ridge = y - s.eyeLine + s.browLift + 0.6 * e.browRaise[side]
    z += 0.035 * s.eyeDepth * bump(squared: ridge * ridge * 46 + ax * ax * 2)
    z += 0.05 * max(0, e.frown) * bump(squared: ax * ax * 70 + (ey + 0.17) * (ey + 0.17) * 60)
    // Bags under the eyes; smiling lifts the cheeks into them.
    let bag = ey - 0.19
    z += (0.012 + 0.03 * e.weariness + 0.03 * max(0, e.squint)) * bump(squared: ex * ex * 16 + bag * bag * 150)
    // Nose.
    let root = s.eyeLine - 0.06
    let tip = s.noseEnd - 0.09
    if ax < 0.45, y > root - 0.2, y < s.noseEnd + 0.2 {
      let t = clamped((y - root) / (tip - root), 0, 1)
      let half = (0.125 + 0.075 * t) * (0.6 + 0.4 * s.noseWidth)
      let rise = t * t * (3 - 2 * t) * 0.4 + 0.6 * t
      let hump = s.hump * bump(squared: (t - 0.4) * (t - 0.4) * 16)
      let height = s.bridge * (1 - rise) + (0.25 + 0.2 * s.bridge) * rise + hump
      let fall = y > tip ? max(0, 1 - (y - tip) * (y - tip) / 0.020) : 1
      let begin = clamped((y - root + 0.2) / 0.2, 0, 1)
      z += height * bump(squared: ax * ax / (half * half) * 0.70) * fall * begin * begin
      let tx = ax / (0.12 * s.noseTip)
      z += 0.07 * s.noseTip * bump(squared: tx * tx * 1.2 + (y - tip) * (y - tip) * 100)
      let wing = ax - 0.165 * s.noseWidth
      z += 0.095 * bump(squared: wing * wing * 170 + (y - s.noseEnd + 0.07) * (y - s.noseEnd + 0.07) * 130)
    }
    // Cheeks.
    let smile = max(0, e.smile)
    let cx = ax - 0.60
    let cy = y - 0.22
    z += (0.03 + 0.05 * s.cheekbones) * bump(squared: cx * cx * 12 + cy * cy * 14)
    let px = ax - 0.48
    let py = y - 0.36
    z += (0.02 * s.fullness + 0.62 * smile) * bump(squared: px * px * 14 + py * py * 16)
    let hx = ax - 0.58
    let hy = y - 0.78
    z += (0.05 * s.fullness - 0.03 - 0.10 * e.mouthOpening) * bump(squared: hx * hx * 12 + hy * hy * 8)
    // Mouth: the teeth's mound, the lips, folds about them, chin.
    let corner = s.mouthWidth * e.mouthWidth
    let my = y - mouthLine
    z += 0.06 * bump(squared: ax * ax * 6 + my * my * 9)
    let t2 = ax * ax / (corner * corner)
    if t2 < 1.6 {
      let middle = my + bend(t2)
      let up = middle + 0.16 * e.mouthOpening + 0.045
      let low = middle - 0.84 * e.mouthOpening - 0.065
      let arch = max(0, 1 - t2)
      z +=
        arch * (0.040 * bump(squared: up * up * 380) * s.upperLip + 0.055 * bump(squared: low * low * 240) * s.lowerLip)
    }
    let hollow = y - mouthLine - 0.24 - 0.84 * e.mouthOpening
    z -= 0.05 * bump(squared: ax * ax * 14 + hollow * hollow * 130)
    let kx = ax - corner - 0.05
    let ky = my - e.smile * -0.8
    z -= (0.022 + 0.16 * smile) * bump(squared: kx * kx * 170 + ky * ky * 90)
    // Fold from the nose's wing to beside the mouth.
    let along = (y - s.noseEnd + 0.08) / (mouthLine + 0.06 - s.noseEnd + 0.08)
    if along > -0.3, along < 1.5 {
      let line = ax - 0.20 - (corner + 0.08 - 0.20) * along - 0.05 * along * (1 - along)
      let depth = 0.012 + 0.30 * smile
      let share = bump(squared: (along - 0.5) * (along - 0.5) * 3.4)
      z -= depth * share * bump(squared: line * line * 620)
    }
    let chinY = y - chin + 0.20
    z += (0.07 + shape.chinForward) * bump(squared: ax * ax * 12 + chinY * chinY * 24)
    return z
  }

  /// How much higher than its middle the line of the mouth is at a share of its half width, squared.
  @inline(__always)
  func bend(_ t2: Float) -> Float { expression.smile * (t2 - 0.30) }

  /// A point of the head at a height and an angle from the front, radians.
  func point(_ y: Float, _ angle: Float, withFace: Bool = true) -> Light {
    let (s, c) = (sinf(angle), cosf(angle))
    let x = halfWidth(y) * (s < 0 ? -1 : 1) * powf(abs(s), Self.roundness)
    if c < 0 { return Light(x, y, -backDepth(y) * powf(-c, Self.roundness)) }
    let z = frontDepth(y) * powf(c, Self.roundness)
    guard withFace else { return Light(x, y, z) }
    return Light(x, y, z + relief(x, y) * min(1, 4 * c))
  }

  // MARK: Meshes

  static let rows = 104
  static let columns = 104

  /// The whole head; places are x and y of the face.
  ///
  /// - Parameter key: direction to the key light in head space.
  func mesh(key: Light) -> SurfaceMesh {
    var mesh = SurfaceMesh(rows: Self.rows, columns: Self.columns, isClosed: true)
    for row in 0..<Self.rows {
      let turn = (Float(row) / Float(Self.rows - 1) - 0.5) * .pi
      let y = sinf(turn) * (turn < 0 ? shape.crown : chin)
      for column in 0..<Self.columns {
        let p = point(y, Self.angle(column, of: Self.columns))
        mesh.positions[row * Self.columns + column] = p
        mesh.places[row * Self.columns + column] = Light(p.x, p.y, 1, 1)
      }
    }
    mesh.findNormals()
    mesh.findHollows(strength: 1.5)
    // Shadows of brows and nose: steps from the face towards the light.
    for i in mesh.positions.indices where mesh.positions[i].z > 0.1 && key.z > 0.05 {
      let p = mesh.positions[i]
      guard abs(p.x) < 0.75, p.y > -0.5, p.y < chin - 0.1 else { continue }
      var seen: Float = 1
      for step in 1...5 {
        let q = p + key * (0.07 * Float(step))
        let height = flatDepth(q.x, q.y) + relief(q.x, q.y) - q.z
        seen = min(seen, 1 - height * 11 / Float(step).squareRoot())
      }
      mesh.places[i].w = clamped(seen, 0, 1)
    }
    return mesh
  }

  /// The egg's depth at (x, y) of the face.
  private func flatDepth(_ x: Float, _ y: Float) -> Float {
    let across = min(abs(x) / max(halfWidth(y), 1e-3), 1)
    let s = powf(across, 1 / Self.roundness)
    return frontDepth(y) * powf(max(0, 1 - s * s), Self.roundness / 2)
  }

  /// Angles of columns, three times as dense in front as behind.
  static func angle(_ column: Int, of columns: Int) -> Float {
    let s = 2 * Float(column) / Float(columns) - 1
    return .pi * (0.5 * s + 0.5 * s * s * s)
  }

  /// An ear: a bowl that stands off the head. Places are its own coordinates, −1…1.
  func ear(side: Float) -> SurfaceMesh {
    let (rows, columns) = (14, 24)
    var mesh = SurfaceMesh(rows: rows, columns: columns, isClosed: true)
    for row in 0..<rows {
      let r = Float(row) / Float(rows - 1)
      for column in 0..<columns {
        // Against the clock as seen from outside.
        let a = -side * 2 * .pi * Float(column) / Float(columns)
        // u runs from the face backwards, v down.
        let (u, v) = (r * cosf(a), r * sinf(a))
        // A rim, a hollow, and a lobe that is narrower.
        let rim = 0.04 * bump(squared: (r - 0.82) * (r - 0.82) * 40) - 0.03 * bump(squared: u * u * 3 + v * v * 3)
        let narrow = 1 - 0.3 * max(0, v)
        let i = row * columns + column
        mesh.positions[i] = Light(
          side * (0.99 + 0.075 * (u + 1) + rim), 0.12 + 0.29 * v, -0.10 - 0.17 * u * narrow + rim)
        mesh.places[i] = Light(u, v, clamped(0.75 + 4 * rim, 0.4, 1), 1)
      }
    }
    mesh.findNormals()
    return mesh
  }
}
