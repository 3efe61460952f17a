import Foundation

/// Where a head is in the picture and how it is turned.
///
/// **Head space**: units of half the face's width; x to the picture's right, y down, z to the camera; origin on the
/// head's axis, a little below the line of the eyes. **View space** is head space turned; a weak perspective follows,
/// as of a laptop's camera nine units away.
struct HeadPose {
  /// The origin in the picture, pixels.
  var centreX: Float
  var centreY: Float
  /// Pixels of one unit.
  let unit: Float
  private let x: Light, y: Light, z: Light
  private let sinRoll: Float, cosRoll: Float
  static let cameraDistance: Float = 9

  /// - Parameters:
  ///   - yaw: turned to the picture's right, radians.
  ///   - pitch: raised chin, radians.
  ///   - roll: tilted clockwise, radians.
  init(centreX: Float, centreY: Float, unit: Float, yaw: Float, pitch: Float, roll: Float) {
    self.centreX = centreX
    self.centreY = centreY
    self.unit = unit
    let (sy, cy, sp, cp) = (sinf(yaw), cosf(yaw), sinf(pitch), cosf(pitch))
    (sinRoll, cosRoll) = (sinf(roll), cosf(roll))
    // Rows of roll · pitch · yaw.
    let y1 = Light(sp * sy, cp, -sp * cy)
    let x1 = Light(cy, 0, sy)
    x = x1 * cosRoll - y1 * sinRoll
    y = x1 * sinRoll + y1 * cosRoll
    z = Light(-cp * sy, sp, cp * cy)
  }

  /// Head space to view space.
  @inline(__always)
  func turned(_ p: Light) -> Light { Light((x * p).sum(), (y * p).sum(), (z * p).sum()) }

  /// View space to head space, for directions.
  @inline(__always)
  func turnedBack(_ p: Light) -> Light { x * p.x + y * p.y + z * p.z }

  /// View space to pixels.
  @inline(__always)
  func pixel(_ p: Light) -> (x: Float, y: Float) {
    let scale = unit * Self.cameraDistance / (Self.cameraDistance - p.z)
    return (centreX + scale * p.x, centreY + scale * p.y)
  }

  @inline(__always)
  func project(_ p: Light) -> (x: Float, y: Float) { pixel(turned(p)) }

  /// The picture to units about the head's centre: tilted with it, but not turned.
  @inline(__always)
  func upright(_ px: Float, _ py: Float) -> (x: Float, y: Float) {
    let dx = (px - centreX) / unit
    let dy = (py - centreY) / unit
    return (dx * cosRoll + dy * sinRoll, dy * cosRoll - dx * sinRoll)
  }
}
