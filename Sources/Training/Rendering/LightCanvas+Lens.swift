import Foundation

/// Blur over a whole canvas, and its pixels as bytes.
extension LightCanvas {
  /// A Gaussian of some deviation in pixels, by two passes; edges are replicated.
  mutating func blur(deviation: Float) {
    guard deviation > 0.2 else { return }
    let reach = max(1, Int((2.5 * deviation).rounded(.up)))
    var taps = (0...reach).map { expf(-Float($0 * $0) / (2 * deviation * deviation)) }
    let sum = taps[0] + 2 * taps[1...].reduce(0, +)
    for i in taps.indices { taps[i] /= sum }
    let (width, height) = (width, height)
    withPixels { pixels in
      var line = [Light](repeating: .zero, count: width + 2 * reach)
      taps.withUnsafeBufferPointer { taps in
        for y in 0..<height {
          let row = y * width
          line.withUnsafeMutableBufferPointer { line in
            for x in 0..<width { line[x + reach] = pixels[row + x] }
            for k in 0..<reach {
              line[k] = pixels[row]
              line[width + reach + k] = pixels[row + width - 1]
            }
            for x in 0..<width {
              var value = line[x + reach] * taps[0]
              for k in 1...reach { value += (line[x + reach - k] + line[x + reach + k]) * taps[k] }
              pixels[row + x] = value
            }
          }
        }
        // Downwards row by row over a ring of the last rows as they were.
        var ring = [Light](repeating: .zero, count: (2 * reach + 1) * width)
        ring.withUnsafeMutableBufferPointer { ring in
          let size = 2 * reach + 1
          func load(_ y: Int) {
            let slot = ((y % size) + size) % size * width
            let row = min(max(y, 0), height - 1) * width
            for x in 0..<width { ring[slot + x] = pixels[row + x] }
          }
          for y in -reach..<reach { load(y) }
          for y in 0..<height {
            load(y + reach)
            let row = y * width
            let middle = y % size * width
            for x in 0..<width { pixels[row + x] = ring[middle + x] * taps[0] }
            for k in 1...reach {
              let a = (((y - k) % size) + size) % size * width
              let b = (y + k) % size * width
              for x in 0..<width { pixels[row + x] += (ring[a + x] + ring[b + x]) * taps[k] }
            }
          }
        }
      }
    }
  }

  /// The mean along a path of that many pixels, as of something that moves while the shutter is open.
  mutating func smear(_ dx: Float, _ dy: Float) {
    let length = (dx * dx + dy * dy).squareRoot()
    guard length > 0.8 else { return }
    let steps = Int(length.rounded(.up)) + 1
    let (width, height) = (width, height)
    let offsets = (0..<steps).map { k -> (Int, Int) in
      let t = Float(k) / Float(steps - 1) - 0.5
      return (Int((dx * t).rounded()), Int((dy * t).rounded()))
    }
    let source = pixels
    let share = 1 / Float(steps)
    withPixels { pixels in
      source.withUnsafeBufferPointer { source in
        for y in 0..<height {
          for x in 0..<width {
            var value = Light.zero
            for (ox, oy) in offsets {
              value += source[min(max(y + oy, 0), height - 1) * width + min(max(x + ox, 0), width - 1)]
            }
            pixels[y * width + x] = value * share
          }
        }
      }
    }
  }

  /// Red, green and blue of each pixel, 0…255.
  func bytes() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 3 * width * height) { target, count in
      for i in 0..<width * height {
        let scaled = (pixels[i] * 255 + 0.5).within(.zero, Light(repeating: 255))
        target[3 * i] = UInt8(scaled.x)
        target[3 * i + 1] = UInt8(scaled.y)
        target[3 * i + 2] = UInt8(scaled.z)
      }
      count = 3 * width * height
    }
  }
}
