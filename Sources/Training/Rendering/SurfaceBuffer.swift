/// What of the head, hair and what is worn is seen at each pixel: the nearest surface, for shading afterwards.
struct SurfaceBuffer {
  enum Material: UInt8 { case nothing, skin, ear, hair, cloth, brim, lining }

  /// Pixels of the picture that the buffer covers: from `left` and `top` on.
  let left: Int
  let top: Int
  let width: Int
  let height: Int
  /// Normal in view space and, last, depth towards the camera.
  private(set) var normals: [Light]
  /// Two coordinates on the surface, share of the surroundings' light, share of the key light.
  private(set) var places: [Light]
  private(set) var materials: [UInt8]

  init(_ area: PixelArea, in canvas: LightCanvas) {
    left = max(0, Int(area.minX))
    top = max(0, Int(area.minY))
    width = max(0, min(canvas.width, Int(area.maxX)) - left)
    height = max(0, min(canvas.height, Int(area.maxY)) - top)
    normals = [Light](repeating: Light(0, 0, 0, -1e9), count: width * height)
    places = [Light](repeating: .zero, count: width * height)
    materials = [UInt8](repeating: 0, count: width * height)
  }

  /// Draws a mesh; where `accepts` refuses a place on the surface there is a hole.
  ///
  /// - Parameter inside: draws what faces away from the camera instead.
  @inline(__always)
  mutating func draw(
    _ mesh: SurfaceMesh, _ pose: HeadPose, material: Material, inside: Bool = false, accepts: (Light) -> Bool
  ) {
    let count = mesh.positions.count
    var screen = [SIMD2<Float>](repeating: .zero, count: count)
    var depths = [Float](repeating: 0, count: count)
    for i in 0..<count {
      let view = pose.turned(mesh.positions[i])
      let (x, y) = pose.pixel(view)
      screen[i] = SIMD2(x - Float(left), y - Float(top))
      depths[i] = view.z
    }
    normals.withUnsafeMutableBufferPointer { normals in
      places.withUnsafeMutableBufferPointer { places in
        materials.withUnsafeMutableBufferPointer { materials in
          let target = Target(
            width: width, height: height, normals: normals, places: places, materials: materials,
            material: material.rawValue, inside: inside)
          for row in 0..<mesh.rows - 1 {
            for column in 0..<mesh.columns - (mesh.isClosed ? 0 : 1) {
              let next = column + 1 == mesh.columns ? 0 : column + 1
              let a = row * mesh.columns + column
              let b = row * mesh.columns + next
              let (c, d) = (a + mesh.columns, b + mesh.columns)
              target.fill(a, b, c, of: mesh, screen, depths, pose, accepts)
              target.fill(b, d, c, of: mesh, screen, depths, pose, accepts)
            }
          }
        }
      }
    }
  }

  /// The buffer's memory while a mesh is drawn.
  private struct Target {
    let width: Int
    let height: Int
    let normals: UnsafeMutableBufferPointer<Light>
    let places: UnsafeMutableBufferPointer<Light>
    let materials: UnsafeMutableBufferPointer<UInt8>
    let material: UInt8
    let inside: Bool

    /// Fills the pixels of one triangle, by its corners' numbers, that nothing nearer has taken.
    @inline(__always)
    func fill(
      _ a: Int, _ b: Int, _ c: Int, of mesh: SurfaceMesh, _ screen: [SIMD2<Float>], _ depths: [Float],
      _ pose: HeadPose, _ accepts: (Light) -> Bool
    ) {
      let (pa, pb, pc) = (screen[a], screen[b], screen[c])
      let area = (pb.x - pa.x) * (pc.y - pa.y) - (pb.y - pa.y) * (pc.x - pa.x)
      guard inside ? area < -1e-6 : area > 1e-6 else { return }
      let x0 = max(0, Int(floored(min(pa.x, pb.x, pc.x) + 0.5)))
      let x1 = min(width - 1, Int(floored(max(pa.x, pb.x, pc.x) - 0.5)))
      let y0 = max(0, Int(floored(min(pa.y, pb.y, pc.y) + 0.5)))
      let y1 = min(height - 1, Int(floored(max(pa.y, pb.y, pc.y) - 0.5)))
      guard x0 <= x1, y0 <= y1 else { return }
      let inverse = 1 / area
      for y in y0...y1 {
        let py = Float(y) + 0.5
        for x in x0...x1 {
          let px = Float(x) + 0.5
          let wb = ((px - pa.x) * (pc.y - pa.y) - (py - pa.y) * (pc.x - pa.x)) * inverse
          let wc = ((pb.x - pa.x) * (py - pa.y) - (pb.y - pa.y) * (px - pa.x)) * inverse
          let wa = 1 - wb - wc
          // A hair's breadth over the edges, so that neighbours leave no cracks.
          guard wa >= -1e-4, wb >= -1e-4, wc >= -1e-4 else { continue }
          let depth = depths[a] * wa + depths[b] * wb + depths[c] * wc
          let i = y * width + x
          guard depth > normals[i].w else { continue }
          let place = mesh.places[a] * wa + mesh.places[b] * wb + mesh.places[c] * wc
          guard accepts(place) else { continue }
          let normal = mesh.normals[a] * wa + mesh.normals[b] * wb + mesh.normals[c] * wc
          var view = pose.turned(normal)
          view *= 1 / max((view * view).sum(), 1e-9).squareRoot()
          if inside { view = -view }
          view.w = depth
          normals[i] = view
          places[i] = place
          materials[i] = material
        }
      }
    }
  }
}

/// A grid of points in head space with what shading needs of each.
struct SurfaceMesh {
  let rows: Int
  let columns: Int
  /// The last column joins the first.
  let isClosed: Bool
  var positions: [Light]
  var normals: [Light]
  /// Two coordinates on the surface, share of the surroundings' light, share of the key light.
  var places: [Light]

  init(rows: Int, columns: Int, isClosed: Bool) {
    self.rows = rows
    self.columns = columns
    self.isClosed = isClosed
    positions = [Light](repeating: .zero, count: rows * columns)
    normals = positions
    places = positions
  }

  /// Normals from the neighbours' positions; columns run against the clock as seen from above, rows downwards.
  mutating func findNormals() {
    for row in 0..<rows {
      for column in 0..<columns {
        let across = at(row, column + 1) - at(row, column - 1)
        let down = at(row + 1, column) - at(row - 1, column)
        let normal = Light(
          across.y * down.z - across.z * down.y, across.z * down.x - across.x * down.z,
          across.x * down.y - across.y * down.x)
        let length = (normal * normal).sum().squareRoot()
        normals[row * columns + column] = length > 1e-9 ? normal * (1 / length) : Light(0, row == 0 ? -1 : 1, 0)
      }
    }
  }

  /// How much of the surroundings each point sees, from how far its neighbours stand out before it: one minus
  /// `strength` times their mean height over its plane, in units of their distance.
  mutating func findHollows(strength: Float) {
    for row in 0..<rows {
      for column in 0..<columns {
        let i = row * columns + column
        let (p, n) = (positions[i], normals[i])
        var hidden: Float = 0
        for reach in [3, 7] {
          for (dr, dc) in [(0, reach), (0, -reach), (reach, 0), (-reach, 0)] {
            let d = at(row + dr, column + dc) - p
            let length = (d * d).sum().squareRoot()
            if length > 1e-6 { hidden += max(0, (d * n).sum() / length) }
          }
        }
        places[i].z = clamped(1 - strength * hidden / 8, 0.25, 1)
      }
    }
  }

  private func at(_ row: Int, _ column: Int) -> Light {
    let row = min(max(row, 0), rows - 1)
    let column = isClosed ? (column + columns) % columns : min(max(column, 0), columns - 1)
    return positions[row * columns + column]
  }
}
