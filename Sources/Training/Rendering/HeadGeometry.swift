import Foundation

/// Where a head is in the picture and how a point on its face gets there.
///
/// Face coordinates (u, v) are in units of half the face's width, u to the picture's right, v down, origin between
/// the eyes' line and the nose; the face is an ellipsoid of radii (1, length, 0.95) that is turned (yaw), raised
/// (pitch) and tilted (roll), then projected in parallel.
struct HeadGeometry {
  let centreX: Float
  let centreY: Float
  /// Pixels of one unit.
  let unit: Float
  let length: Float
  let taper: Float
  /// How much longer an open mouth makes the lower half.
  let jaw: Float
  private let sinYaw: Float, cosYaw: Float
  private let sinPitch: Float, cosPitch: Float
  private let sinRoll: Float, cosRoll: Float

  init(_ learner: LearnerAppearance, _ expression: FacialExpression, centreX: Float, centreY: Float, unit: Float) {
    self.centreX = centreX
    self.centreY = centreY
    self.unit = unit
    length = learner.length
    taper = learner.taper
    jaw = 1 + 0.22 * expression.mouthOpening
    sinYaw = sinf(expression.yaw)
    cosYaw = cosf(expression.yaw)
    sinPitch = sinf(expression.pitch)
    cosPitch = cosf(expression.pitch)
    sinRoll = sinf(expression.roll)
    cosRoll = cosf(expression.roll)
  }

  /// Face coordinates to the picture.
  func project(_ u: Float, _ v: Float) -> (x: Float, y: Float) {
    let yy = v / length
    let z = 0.95 * max(0, 1 - u * u - yy * yy).squareRoot()
    let x1 = u * cosYaw + z * sinYaw
    let z1 = z * cosYaw - u * sinYaw
    let y1 = v * cosPitch - z1 * sinPitch
    return (centreX + unit * (x1 * cosRoll - y1 * sinRoll), centreY + unit * (x1 * sinRoll + y1 * cosRoll))
  }

  /// The picture to head coordinates: upright and in units, but not turned back.
  @inline(__always)
  func upright(_ x: Float, _ y: Float) -> (x: Float, y: Float) {
    let dx = (x - centreX) / unit
    let dy = (y - centreY) / unit
    return (dx * cosRoll + dy * sinRoll, dy * cosRoll - dx * sinRoll)
  }

  /// Position relative to the outline: 1 on it, 0 in the middle, with the unit normal's x and y while inside.
  @inline(__always)
  func gauge(_ hx: Float, _ hy: Float) -> (gauge: Float, nx: Float, ny: Float) {
    let below = hy > 0
    let ny = hy / (below ? length * jaw : length)
    let narrow = below ? 1 - taper * min(ny * ny, 1) : 1
    let nx = (hx - (below ? 0.22 * sinYaw * ny : 0)) / narrow
    return ((nx * nx + ny * ny).squareRoot(), nx, ny)
  }

  /// How much of the pixel at head coordinates is head.
  @inline(__always)
  func headCoverage(_ hx: Float, _ hy: Float, softness: Float = 1.4) -> Float {
    let (gauge, _, ny) = gauge(hx, hy)
    let narrow = ny > 0 ? 1 - taper * min(ny * ny, 1) : 1
    return coverage((gauge - 1) * unit * narrow, softness: softness)
  }

  /// Head coordinates back to face coordinates, z < 0 behind the ears.
  @inline(__always)
  func unturned(_ hx: Float, _ hy: Float) -> (u: Float, v: Float, z: Float) {
    let yy = hy / length
    let z1 = 0.95 * max(0, 1 - hx * hx - yy * yy).squareRoot()
    let v = hy * cosPitch + z1 * sinPitch
    let z2 = z1 * cosPitch - hy * sinPitch * 0.7
    return (hx * cosYaw - z2 * sinYaw, v, z2 * cosYaw + hx * sinYaw)
  }
}

/// A small flat patch of the face: local coordinates around one point, foreshortened as the face is there.
struct FacePatch {
  let x: Float
  let y: Float
  private let a: Float, b: Float, c: Float, d: Float
  let unit: Float

  init(_ head: HeadGeometry, u: Float, v: Float) {
    let step: Float = 0.08
    let centre = head.project(u, v)
    let right = head.project(u + step, v)
    let left = head.project(u - step, v)
    let down = head.project(u, v + step)
    let up = head.project(u, v - step)
    x = centre.x
    y = centre.y
    unit = head.unit
    let exx = (right.x - left.x) / (2 * step)
    let exy = (right.y - left.y) / (2 * step)
    let eyx = (down.x - up.x) / (2 * step)
    let eyy = (down.y - up.y) / (2 * step)
    // Never thinner than a fifth: beyond that the patch is on the outline and clipped anyway.
    let determinant = max(exx * eyy - exy * eyx, 0.2 * unit * unit)
    a = eyy / determinant
    b = -eyx / determinant
    c = -exy / determinant
    d = exx / determinant
  }

  @inline(__always)
  func local(_ px: Float, _ py: Float) -> (x: Float, y: Float) {
    let dx = px - x
    let dy = py - y
    return (a * dx + b * dy, c * dx + d * dy)
  }

  func area(reach: Float) -> PixelArea {
    let r = reach * unit
    return PixelArea(minX: x - r, minY: y - r, maxX: x + r, maxY: y + r)
  }
}
