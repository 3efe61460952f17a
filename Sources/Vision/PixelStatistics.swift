/// Sums over one gray picture of at least 3×3 pixels.
struct PixelStatistics {
  /// Mean gray, 0…255.
  let mean: Float
  /// Share of pixels so near black (0…4) or white (251…255) that detail is lost, 0…1.
  let clippedShare: Float
  /// Mean of (4·p − left − right − up − down)² over the inner pixels, in squared gray levels.
  let laplacianEnergy: Float

  init(of image: GrayImage) {
    precondition(image.width >= 3 && image.height >= 3, "a Laplacian needs 3×3 pixels")
    let width = image.width
    var sum = 0
    var clipped = 0
    var energy = 0
    image.pixels.withUnsafeBufferPointer { pixels in
      for pixel in pixels {
        sum += Int(pixel)
        clipped += pixel <= 4 || pixel >= 251 ? 1 : 0
      }
      for y in 1..<(image.height - 1) {
        for i in (y * width + 1)..<(y * width + width - 1) {
          let neighbours = Int(pixels[i - 1]) + Int(pixels[i + 1]) + Int(pixels[i - width]) + Int(pixels[i + width])
          let laplacian = 4 * Int(pixels[i]) - neighbours
          energy += laplacian * laplacian
        }
      }
    }
    mean = Float(sum) / Float(image.pixels.count)
    clippedShare = Float(clipped) / Float(image.pixels.count)
    laplacianEnergy = Float(energy) / Float((width - 2) * (image.height - 2))
  }
}
