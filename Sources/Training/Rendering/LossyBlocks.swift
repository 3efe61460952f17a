import Foundation

/// What JPEG loses at a quality: cosine coefficients of 8×8 blocks, rounded to the steps of libjpeg's tables; colour at
/// half the resolution. No bytes are written: the picture only looks as if it had been.
struct LossyBlocks {
  private let luma: [Float]
  private let chroma: [Float]
  /// cos((2x + 1)·u·π/16), orthonormal, row u.
  private let cosines: [SIMD8<Float>]

  /// - Parameter quality: 1…100, as of libjpeg.
  init(quality: Float) {
    let q = clamped(quality, 1, 100)
    let scale = q < 50 ? 50 / q : 2 - q / 50
    func scaled(_ table: [Int]) -> [Float] { table.map { max(1, (Float($0) * scale).rounded()) / 255 } }
    luma = scaled(Self.lumaTable)
    chroma = scaled(Self.chromaTable)
    cosines = (0..<8).map { u in
      var row = SIMD8<Float>()
      for x in 0..<8 { row[x] = cosf(Float(2 * x + 1) * Float(u) * .pi / 16) * (u == 0 ? 0.353_553_39 : 0.5) }
      return row
    }
  }

  func apply(_ canvas: inout LightCanvas) {
    let (width, height) = (canvas.width, canvas.height)
    canvas.withPixels { pixels in
      // Rec. 601, each with its mean taken away.
      var y = [Float](repeating: 0, count: width * height)
      let (halfWidth, halfHeight) = ((width + 1) / 2, (height + 1) / 2)
      var blue = [Float](repeating: 0, count: halfWidth * halfHeight)
      var red = blue
      var count = blue
      for row in 0..<height {
        for column in 0..<width {
          let p = pixels[row * width + column]
          let light = 0.299 * p.x + 0.587 * p.y + 0.114 * p.z
          y[row * width + column] = light - 0.5
          let i = (row / 2) * halfWidth + column / 2
          blue[i] += 0.564 * (p.z - light)
          red[i] += 0.713 * (p.x - light)
          count[i] += 1
        }
      }
      for i in count.indices {
        blue[i] /= count[i]
        red[i] /= count[i]
      }
      quantise(&y, width, height, luma)
      quantise(&blue, halfWidth, halfHeight, chroma)
      quantise(&red, halfWidth, halfHeight, chroma)
      for row in 0..<height {
        for column in 0..<width {
          let i = (row / 2) * halfWidth + column / 2
          let (light, b, r) = (y[row * width + column] + 0.5, blue[i], red[i])
          pixels[row * width + column] = Light(light + 1.402 * r, light - 0.344 * b - 0.714 * r, light + 1.772 * b)
        }
      }
    }
  }

  private func quantise(_ plane: inout [Float], _ width: Int, _ height: Int, _ steps: [Float]) {
    let rows = (0..<8).map { u in SIMD8<Float>((0..<8).map { steps[u * 8 + $0] }) }
    plane.withUnsafeMutableBufferPointer { plane in
      var block = [SIMD8<Float>](repeating: .zero, count: 8)
      var half = block
      for top in stride(from: 0, to: height, by: 8) {
        for left in stride(from: 0, to: width, by: 8) {
          for y in 0..<8 {
            let row = min(top + y, height - 1) * width
            for x in 0..<8 { block[y][x] = plane[row + min(left + x, width - 1)] }
          }
          // Rows of `half` are vertical frequencies; `coefficient` transforms along x by transposing.
          forward(block, &half)
          transpose(&half)
          forward(half, &block)
          transpose(&block)
          for u in 0..<8 { block[u] = (block[u] / rows[u]).rounded(.toNearestOrEven) * rows[u] }
          backward(block, &half)
          transpose(&half)
          backward(half, &block)
          transpose(&block)
          for y in 0..<min(8, height - top) {
            let row = (top + y) * width + left
            for x in 0..<min(8, width - left) { plane[row + x] = block[y][x] }
          }
        }
      }
    }
  }

  @inline(__always)
  private func forward(_ input: [SIMD8<Float>], _ output: inout [SIMD8<Float>]) {
    for u in 0..<8 {
      var sum = SIMD8<Float>.zero
      for x in 0..<8 { sum += input[x] * cosines[u][x] }
      output[u] = sum
    }
  }

  @inline(__always)
  private func backward(_ input: [SIMD8<Float>], _ output: inout [SIMD8<Float>]) {
    for x in 0..<8 {
      var sum = SIMD8<Float>.zero
      for u in 0..<8 { sum += input[u] * cosines[u][x] }
      output[x] = sum
    }
  }

  @inline(__always)
  private func transpose(_ block: inout [SIMD8<Float>]) {
    for y in 0..<8 {
      for x in 0..<y {
        let value = block[y][x]
        block[y][x] = block[x][y]
        block[x][y] = value
      }
    }
  }

  // ITU-T T.81, tables K.1 and K.2.
  private static let lumaTable = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
  ]
  private static let chromaTable = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99,
  ]
}
