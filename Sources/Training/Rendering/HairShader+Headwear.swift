import Foundation

/// What is worn on the head: shells over the skull, a brim, a band with its cups.
extension HairShader {
  /// The shell of a hat or scarf, and which of its places are cloth; nil where none is worn.
  func shell() -> (mesh: SurfaceMesh, accepts: (Light) -> Bool)? {
    switch learner.headwear {
    case .none, .headphones: nil
    case .beanie:
      (
        shell(bottom: -0.50, over: 0.16, tall: 0.16),
        { place in place.y < -0.64 + 0.16 * abs(sinf(place.x * 0.5)) }
      )
    case .cap:
      (shell(bottom: -0.40, over: 0.12, tall: 0.10), { place in place.y < -0.66 + 0.34 * abs(sinf(place.x * 0.5)) })
    case .turban:
      (
        shell(bottom: -0.10, over: 0.26, tall: 0.22),
        { place in place.y < -0.84 + 0.52 * (cosf(place.x) < 0 ? 1 : abs(sinf(place.x))) }
      )
    case .scarf:
      (
        shell(bottom: surface.chin + 1.3, over: 0.11, tall: 0.07),
        { place in
          // Open over the face alone.
          let x = sinf(place.x)
          let y = place.y - 0.20
          let opening = x * x / 0.74 + y * y / (y < 0 ? 1.05 : (surface.chin - 0.2) * (surface.chin - 0.2))
          return cosf(place.x) < 0 || opening > 1
        }
      )
    }
  }

  /// - Parameters:
  ///   - bottom: height that it reaches down to.
  ///   - over: how far it stands off the skull.
  ///   - tall: how much higher than the skull it is.
  private func shell(bottom: Float, over: Float, tall: Float) -> SurfaceMesh {
    let (rows, columns) = (72, 96)
    var mesh = SurfaceMesh(rows: rows, columns: columns, isClosed: true)
    for column in 0..<columns {
      let angle = HeadSurface.angle(column, of: columns)
      for row in 0..<rows {
        let share = Float(row) / Float(rows - 1)
        let top = -surface.shape.crown
        let y =
          bottom > 0
          ? top * cosf(min(share / 0.5, 1) * .pi / 2) + (share > 0.5 ? (share - 0.5) * 2 * bottom : 0)
          : top + (bottom - top) * (1 - cosf(share * .pi / 2))
        var p = surface.point(min(y, 0), angle, withFace: false)
        let edge = learner.headwear == .turban ? clamped((-0.15 - y) * 1.6, 0, 1) : clamped((-0.55 - y) * 5, 0, 1)
        var off = bottom > 0 ? over : over * (0.45 + 0.55 * edge)
        if y > 0 {
          // A scarf follows the cheek, goes under the chin, and falls over the shoulders.
          let chin = surface.chin
          let wide = y < chin ? 1 - 0.16 * y / chin : 0.84 + 0.75 * min(1, (y - chin) / 1.1)
          let deep = y < chin ? p.z : p.z * (p.z > 0 ? 0.86 + 0.2 * (y - chin) : 1)
          p = Light(p.x * wide, y, deep)
        }
        off *= 1 + 0.4 * (smoothNoise(angle * 3, y * 3, learner.grain &+ 93) - 0.5)
        let length = (p.x * p.x + p.z * p.z + 0.01).squareRoot()
        p += Light(p.x / length * off, y < 0 ? tall * y / surface.shape.crown : 0, p.z / length * off)
        mesh.positions[row * columns + column] = p
        mesh.places[row * columns + column] = Light(angle, y, 1, 1)
      }
    }
    mesh.findNormals()
    mesh.findHollows(strength: 1)
    return mesh
  }

  /// The brim of a cap.
  func brim() -> SurfaceMesh? {
    guard learner.headwear == .cap else { return nil }
    let (rows, columns) = (10, 32)
    var mesh = SurfaceMesh(rows: rows, columns: columns, isClosed: false)
    for row in 0..<rows {
      let out = Float(row) / Float(rows - 1)
      for column in 0..<columns {
        let angle = (Float(column) / Float(columns - 1) - 0.5) * 2.1
        let base = surface.point(-0.70, angle, withFace: false)
        let reach = 0.62 * out * max(0, cosf(angle * 1.45))
        let i = row * columns + column
        mesh.positions[i] = Light(
          base.x * (1.03 + 0.08 * out), -0.74 + 0.30 * abs(sinf(angle * 0.5)) + 0.17 * out * out, base.z * 1.03 + reach)
        mesh.places[i] = Light(angle, out, 1, 1)
      }
    }
    mesh.findNormals()
    return mesh
  }

  /// Headphones: an arch over the hair and a cup on each ear.
  func headphones() -> [SurfaceMesh] {
    guard learner.headwear == .headphones else { return [] }
    let (rows, columns) = (5, 48)
    var band = SurfaceMesh(rows: rows, columns: columns, isClosed: false)
    let over = 1.10 + 0.5 * max(0, cut.style == .afro ? 0.3 : cut.top - 0.1)
    for row in 0..<rows {
      let wide = (Float(row) / Float(rows - 1) - 0.5) * 0.2
      for column in 0..<columns {
        let angle = (Float(column) / Float(columns - 1) - 0.5) * .pi
        let i = row * columns + column
        band.positions[i] = Light(
          1.14 * sinf(angle), 0.05 - (surface.shape.crown * over + 0.03) * cosf(angle), -0.10 + wide)
        band.positions[i] *= Light(1, 1, 1) * (1 - 0.6 * wide * wide)
        band.places[i] = Light(angle, 0, 1, 1)
      }
    }
    band.findNormals()
    // Columns run the other way about the vertical axis than rows do: seen from in front it must face outwards.
    let cups = [Float(-1), 1].map { side in
      Self.ball(Light(side * 1.13, 0.12, -0.10), Light(0.15, 0.36, 0.30))
    }
    return [band] + cups
  }
}
