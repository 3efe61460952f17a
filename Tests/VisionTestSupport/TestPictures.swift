package import Vision

/// Pictures by formulas in integers, the same as in `Tests/Goldens/vision/pictures.py`.
package enum TestPictures {
  package static func make(_ kind: String, width: Int, height: Int, seed: UInt32) -> GrayImage? {
    switch kind {
    case "noise": noise(width: width, height: height, seed: seed)
    case "blobs": blobs(width: width, height: height, seed: seed)
    case "ramp":
      picture(width, height) { x, y in UInt8((3 * x + Int(seed % 7) * y) % 256) }
    case "spot":
      picture(width, height) { x, y in x == width / 2 && y == height / 3 ? 255 : 0 }
    case "flat": GrayImage(width: width, height: height, repeating: UInt8(seed % 256))
    case "saturated":
      mapped(noise(width: width, height: height, seed: seed)) { $0 > 127 ? 255 : 0 }
    case "angles":
      // Squares and threefold squares: many gradients of exactly 45°, 60°, 90° and 120°.
      mapped(noise(width: width, height: height, seed: seed)) {
        [0, 1, 3, 4, 9, 12, 16, 25, 27, 36, 48, 49, 64, 75, 81, 100][Int($0 >> 4)]
      }
    case "mirror": mirror(width: width, height: height, seed: seed)
    case "tiles":
      picture(width, height) { x, y in
        let (dx, dy) = (2 * (x % 8) - 7, 2 * (y % 8) - 7)
        return UInt8(max(30 - dx * dx - dy * dy, 0) * 8 + Int(seed % 7))
      }
    default: nil
    }
  }

  /// Every pixel its own hash.
  package static func noise(width: Int, height: Int, seed: UInt32) -> GrayImage {
    let start = mix(seed)
    return picture(width, height) { x, y in UInt8(mix(start &+ UInt32(y * width + x)) >> 24) }
  }

  /// Sixty bright or dark paraboloids on middle gray.
  package static func blobs(width: Int, height: Int, seed: UInt32) -> GrayImage {
    let start = mix(seed)
    var sums = [Int](repeating: 128, count: width * height)
    for blob in 0..<UInt32(60) {
      let third = mix(start &+ 4 * blob &+ 2)
      let centerX = Int(mix(start &+ 4 * blob) % UInt32(width))
      let centerY = Int(mix(start &+ 4 * blob &+ 1) % UInt32(height))
      let squaredRadius = (3 + Int(third % 12)) * (3 + Int(third % 12))
      let sign = (third >> 16) % 2 == 1 ? 1 : -1
      for i in 0..<(width * height) {
        let dx = i % width - centerX
        let dy = i / width - centerY
        sums[i] += sign * (max(squaredRadius - dx * dx - dy * dy, 0) * 110 / squaredRadius)
      }
    }
    return GrayImage(width: width, height: height, pixels: sums.map { UInt8(min(max($0, 0), 255)) })
  }

  /// Blobs that are their own mirror image, left and right.
  private static func mirror(width: Int, height: Int, seed: UInt32) -> GrayImage {
    let half = blobs(width: width, height: height, seed: seed)
    return picture(width, height) { x, y in half[min(x, width - 1 - x), y] }
  }

  private static func mapped(_ image: GrayImage, _ value: (UInt8) -> UInt8) -> GrayImage {
    GrayImage(width: image.width, height: image.height, pixels: image.pixels.map(value))
  }

  /// The finaliser of MurmurHash3, 32 bits.
  package static func mix(_ input: UInt32) -> UInt32 {
    var value = input
    value ^= value >> 16
    value = value &* 0x85EB_CA6B
    value ^= value >> 13
    value = value &* 0xC2B2_AE35
    return value ^ value >> 16
  }

  private static func picture(_ width: Int, _ height: Int, _ value: (Int, Int) -> UInt8) -> GrayImage {
    GrayImage(width: width, height: height, pixels: (0..<(width * height)).map { value($0 % width, $0 / width) })
  }
}
