import Foundation

/// One learner in front of the camera: body, head, hair, what is worn, and what is held before the face.
///
/// The head is a mesh that is turned, lit by one key light, the screen and the room, and painted by place on the face;
/// body and hands are drawn flat with round shading.
struct Portrait {
  let learner: LearnerAppearance
  let expression: FacialExpression
  let surface: HeadSurface
  let pose: HeadPose
  let light: SceneLight
  let occlusion: Occlusion?

  func paint(_ canvas: inout LightCanvas) {
    let hair = HairShader(learner: learner, surface: surface)
    let shader = FaceShader(
      learner: learner, expression: expression, surface: surface, light: light, pose: pose,
      isMasked: occlusion?.kind == .mask)
    let reach = (learner.hairCut.falls ? 2.4 : 2) * pose.unit
    let hangs = learner.hairCut.falls || learner.headwear == .scarf ? 3.1 * pose.unit : 2.2 * pose.unit
    let area = PixelArea(
      minX: pose.centreX - reach, minY: pose.centreY - 2.6 * pose.unit, maxX: pose.centreX + reach,
      maxY: pose.centreY + hangs)
    let showsHair = learner.headwear != .scarf && learner.headwear != .turban
    let hairMesh = hair.mesh()
    if showsHair, learner.hairCut.falls {
      // What hangs behind the neck, from inside.
      var behind = SurfaceBuffer(area, in: canvas)
      behind.draw(hairMesh, pose, material: .hair, inside: true) { hair.isHair($0) }
      var dark = shader
      dark.isBehind = true
      dark.paint(&canvas, behind, hair: hair)
    }
    Body(learner: learner, surface: surface, pose: pose, light: light).paint(&canvas)
    let key = pose.turnedBack(light.key)
    var buffer = SurfaceBuffer(area, in: canvas)
    buffer.draw(surface.mesh(key: key), pose, material: .skin) { _ in true }
    if learner.headwear != .scarf {
      for side in [Float(-1), 1] { buffer.draw(surface.ear(side: side), pose, material: .ear) { _ in true } }
    }
    if showsHair, learner.hairCut.style != .bald {
      buffer.draw(hairMesh, pose, material: .hair) { hair.isHair($0) }
      if learner.headwear == .none || learner.headwear == .headphones, let knot = hair.knot() {
        buffer.draw(knot, pose, material: .hair) { _ in true }
      }
    }
    if let (shell, accepts) = hair.shell() {
      buffer.draw(shell, pose, material: .cloth, accepts: accepts)
      // A scarf shows its inside around the face.
      if learner.headwear == .scarf { buffer.draw(shell, pose, material: .lining, inside: true, accepts: accepts) }
    }
    if let brim = hair.brim() {
      buffer.draw(brim, pose, material: .brim) { _ in true }
      buffer.draw(brim, pose, material: .brim, inside: true) { _ in true }
    }
    for part in hair.headphones() {
      buffer.draw(part, pose, material: .cloth) { _ in true }
      buffer.draw(part, pose, material: .cloth, inside: true) { _ in true }
    }
    shader.paint(&canvas, buffer, hair: hair)
    if let kind = learner.spectacles {
      Glasses(kind: kind, learner: learner, surface: surface, pose: pose, light: light).paint(&canvas)
    }
    occlusion?.paint(&canvas, self)
  }

  /// The square-ish area from the hairline to the chin, in pixels of the picture, not cut to it.
  var faceArea: PixelArea {
    var area = PixelArea(minX: .infinity, minY: .infinity, maxX: -.infinity, maxY: -.infinity)
    for step in 0...20 {
      let y = -0.93 + (surface.chin * 0.98 + 0.93) * Float(step) / 20
      for angle in stride(from: -1.5 as Float, through: 1.5, by: 0.25) {
        let (px, py) = pose.project(surface.point(y, angle, withFace: false))
        area.minX = min(area.minX, px)
        area.maxX = max(area.maxX, px)
        area.minY = min(area.minY, py)
        area.maxY = max(area.maxY, py)
      }
    }
    return area
  }
}
