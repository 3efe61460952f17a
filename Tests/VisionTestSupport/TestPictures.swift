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
