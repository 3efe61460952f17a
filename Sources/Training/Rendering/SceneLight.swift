import StableHashing

/// The light on one head: a key light (window or lamp), the screen before it, and the room.
struct SceneLight {
  /// Towards the light, in view space (y down).
  let key: Light
  let keyColour: Light
  let screen = Light(0, 0.28, 0.96)
  let screenColour: Light
  let above: Light
  let below: Light
  let half: Light

  init(_ learner: LearnerAppearance, nuisance: Nuisance, _ random: inout SplitMix64) {
    let sides = nuisance.bound(.light, 0.35, 0.95)
    let x = clamped(learner.lightX * (0.6 + 0.9 * sides) + 0.1 * random.bell(), -0.92, 0.92)
    let y = -(learner.lightY + 0.05 * random.bell())
    let z = max(0.1, 1 - x * x - y * y).squareRoot() * (1 - 0.4 * nuisance[.light] * random.uniform(0...1))
    let length = (x * x + y * y + z * z).squareRoot()
    key = Light(x / length, y / length, z / length)
    // The stronger the key, the darker the side that it does not reach.
    let contrast = random.uniform(0.55...1) * sides
    let tint = random.uniform(-1...1) * nuisance.bound(.light, 0.02, 0.10)
    keyColour = Light(1 + tint, 1, 1 - tint) * (0.38 + 0.62 * contrast)
    screenColour = Light(0.88, 0.97, 1.08) * (random.uniform(0.10...0.26) * (1.25 - 0.6 * contrast))
    let room = 0.62 - 0.42 * contrast
    above = Light(0.98, 0.99, 1.02) * room
    below = Light(0.92, 0.86, 0.80) * (room * 0.62)
    var h = key + Light(0, 0, 1)
    h *= 1 / (h * h).sum().squareRoot()
    half = h
  }

  /// What a matt surface sends back.
  ///
  /// - Parameters:
  ///   - n: normal in view space.
  ///   - open: share of the surroundings that it sees.
  ///   - seen: share of the key light that reaches it.
  ///   - wrap: how far light goes around by channel, as in skin.
  @inline(__always)
  func matt(_ n: Light, open: Float, seen: Float, wrap: Light) -> Light {
    let facing = n.x * key.x + n.y * key.y + n.z * key.z
    let spread = (wrap + facing) / (wrap + 1)
    let direct = spread.within(.zero, Light(repeating: 1)) * keyColour
    let soft = Light(repeating: seen) + (Light(repeating: 1) - Light(repeating: seen)) * wrap * 0.8
    let front = max(0, n.y * screen.y + n.z * screen.z)
    let up = 0.5 - 0.5 * n.y
    return direct * soft + (screenColour * front + above * up + below * (1 - up)) * open
  }

  /// A highlight of a sharpness: 0 where the normal is off the middle between light and camera.
  @inline(__always)
  func glint(_ n: Light, sharpness: Float) -> Float {
    let d = n.x * half.x + n.y * half.y + n.z * half.z
    let off = (1 - min(d, 1)) * sharpness
    let s = max(0, 1 - off * 0.35)
    let s2 = s * s
    return s2 * s2
  }
}
