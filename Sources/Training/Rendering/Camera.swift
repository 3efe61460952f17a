import Foundation
import StableHashing

/// A laptop's camera: lens, movement, exposure, white balance, vignette, noise, 8 bits, and the losses of JPEG.
struct Camera {
  /// Stops of over- or underexposure, gain by channel.
  let exposure: Float
  let balance: Light
  /// Deviation of the lens's blur, and the path of a movement, in pixels.
  let blur: Float
  let motionX: Float
  let motionY: Float
  /// Deviation of the noise in middle tones, share of full scale.
  let noise: Float
  /// Quality on libjpeg's scale; 100 leaves the picture as it is.
  let quality: Float
  let grain: UInt64

  init(_ learner: LearnerAppearance, nuisance: Nuisance, height: Int, _ random: inout SplitMix64) {
    let scale = Float(height) / 480
    let stops = nuisance.bound(.light, 0.08, 1.3) * random.uniform(-1...0.42)
    exposure = exp2f(stops) * 0.98
    let tint = nuisance.bound(.light, 0.02, 0.16) * random.uniform(-1...1) + learner.warmth * 0.6
    let green = nuisance.bound(.light, 0.01, 0.06) * random.uniform(-1...1)
    balance = Light(1 + tint, 1 + green, 1 - tint)
    blur = scale * (0.55 + (nuisance.bound(.blur, 0.55, 2.6) - 0.55) * random.uniform(0...1))
    let path = scale * nuisance.bound(.blur, 0, 8) * random.uniform(0...1)
    let angle = random.uniform(-0.6...0.6)
    let moves = random.chance(0.35)
    (motionX, motionY) = moves ? (path * cosf(angle), path * sinf(angle)) : (0, 0)
    noise = 0.004 + (nuisance.bound(.noise, 0.004, 0.075) - 0.004) * random.uniform(0.1...1)
    quality = 100 - (100 - nuisance.bound(.compression, 100, 18)) * random.uniform(0.3...1)
    grain = random.next()
  }

  /// - Parameter dimming: factor on all light; far below 1 for a picture nearly without any.
  func develop(_ canvas: inout LightCanvas, dimming: Float = 1) -> [UInt8] {
    canvas.blur(deviation: blur)
    canvas.smear(motionX, motionY)
    expose(&canvas, dimming: dimming)
    if quality < 99.5 { LossyBlocks(quality: quality).apply(&canvas) }
    return canvas.bytes()
  }

  private func expose(_ canvas: inout LightCanvas, dimming: Float) {
    let (width, height) = (canvas.width, canvas.height)
    let gain = balance * (exposure * dimming)
    let (halfWidth, halfHeight) = (Float(width) / 2, Float(height) / 2)
    // A dim picture is amplified less than it needs: it keeps half of its noise.
    let noise = noise * (dimming < 0.2 ? 0.5 : 1) * 1.8
    var random = SplitMix64(seed: grain)
    canvas.withPixels { pixels in
      for y in 0..<height {
        let dy = (Float(y) - halfHeight) / halfHeight
        let row = y * width
        for x in 0..<width {
          let dx = (Float(x) - halfWidth) / halfWidth
          let bits = random.next()
          // Two uniforms a channel: triangular noise, mostly the same in all channels as after a camera's denoiser.
          let common = Float(Int32(bits & 0xFFFF) + Int32((bits >> 16) & 0xFFFF) - 65536) * (1.4 / 65536)
          let red = Float(Int32((bits >> 32) & 0xFFFF) - 32768) * (1 / 32768)
          let blue = Float(Int32(bits >> 48) - 32768) * (1 / 32768)
          var value = pixels[row + x] * gain * (1 - 0.09 * (dx * dx + dy * dy))
          // A shoulder instead of a cut where it is bright.
          let over = (value - Light(repeating: 0.82)).within(.zero, Light(repeating: 4))
          value -= over * over / (over + Light(repeating: 0.5))
          let strength = noise * (0.6 + 0.5 * value.y)
          value += Light(common + 0.6 * red, common, common + 0.6 * blue) * strength
          pixels[row + x] = value.within(.zero, Light(repeating: 1))
        }
      }
    }
  }
}
