/// Light of red, green and blue, about 0…1 and not clipped until the picture is developed; the fourth lane is unused.
/// The drawings of `Vision` mix 8-bit sRGB instead, which cannot be exposed afterwards.
typealias Light = SIMD4<Float>

extension Light {
  init(_ red: Float, _ green: Float, _ blue: Float) { self.init(red, green, blue, 0) }

  /// Each lane within two bounds; the library's own is a call a lane.
  @inline(__always)
  func within(_ low: Light, _ high: Light) -> Light {
    replacing(with: low, where: self .< low).replacing(with: high, where: self .> high)
  }

  func mixed(with other: Light, _ amount: Float) -> Light { self + (other - self) * amount }
}

/// An area of pixels, half open, cut to the canvas it is painted on.
struct PixelArea {
  var minX: Float
  var minY: Float
  var maxX: Float
  var maxY: Float
}

/// A float picture painted back to front with analytic coverage: shapes return how much of a pixel they cover from
/// their distance in pixels, so that edges are smooth without supersampling.
///
/// Origin at the top left corner, x to the right, y down; pixel (x, y) is sampled at its centre (x + ½, y + ½).
struct LightCanvas {
  let width: Int
  let height: Int
  private(set) var pixels: [Light]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [Light](repeating: .zero, count: width * height)
  }

  /// Calls `shade` for every pixel of `area` with its centre and lets it change the pixel's colour.
  @inline(__always)
  mutating func paint(_ area: PixelArea, _ shade: (Float, Float, inout Light) -> Void) {
    let x0 = max(0, Int(area.minX.rounded(.down)))
    let x1 = min(width, Int(area.maxX.rounded(.up)))
    let y0 = max(0, Int(area.minY.rounded(.down)))
    let y1 = min(height, Int(area.maxY.rounded(.up)))
    guard x0 < x1, y0 < y1 else { return }
    let width = width
    pixels.withUnsafeMutableBufferPointer { pixels in
      for y in y0..<y1 {
        let row = y * width
        let centreY = Float(y) + 0.5
        for x in x0..<x1 { shade(Float(x) + 0.5, centreY, &pixels[row + x]) }
      }
    }
  }

  /// One pixel by column and row.
  subscript(x: Int, y: Int) -> Light {
    @inline(__always) get { pixels[y * width + x] }
    @inline(__always) set { pixels[y * width + x] = newValue }
  }

  mutating func withPixels(_ body: (UnsafeMutableBufferPointer<Light>) -> Void) {
    pixels.withUnsafeMutableBufferPointer { body($0) }
  }

  var everything: PixelArea { PixelArea(minX: 0, minY: 0, maxX: Float(width), maxY: Float(height)) }
}

/// Coverage of a pixel whose centre lies `distance` pixels outside an edge (negative inside); `softness` is the
/// width of the ramp in pixels, 1 for a sharp edge, more for one out of focus.
@inline(__always)
func coverage(_ distance: Float, softness: Float = 1) -> Float {
  let t = min(max(0.5 - distance / softness, 0), 1)
  return t * t * (3 - 2 * t)
}

/// A bump of height 1 at 0 that is 0 beyond ±2.6: exp(−t²) for shading, without the call.
@inline(__always)
func bump(squared t2: Float) -> Float {
  let s = max(0, 1 - t2 * 0.148)
  let s2 = s * s
  let s4 = s2 * s2
  return s4 * s2 * s
}

@inline(__always)
func clamped(_ value: Float, _ low: Float, _ high: Float) -> Float { min(max(value, low), high) }

/// A fixed pseudo-random number in 0…1 for a lattice point.
@inline(__always)
func latticeNoise(_ x: Int32, _ y: Int32, _ seed: UInt32) -> Float {
  var h = UInt32(bitPattern: x) &* 0x85EB_CA6B ^ UInt32(bitPattern: y) &* 0xC2B2_AE35 ^ seed
  h ^= h >> 16
  h = h &* 0x7FEB_352D
  h ^= h >> 15
  h = h &* 0x846C_A68B
  h ^= h >> 16
  return Float(h >> 8) * (1 / 16_777_216)
}

/// The next whole number below, without the call that rounding is on processors before SSE 4.1.
@inline(__always)
func floored(_ value: Float) -> Int32 {
  let whole = Int32(value)
  return Float(whole) > value ? whole - 1 : whole
}

/// Smooth noise in 0…1 with one lattice point a unit.
@inline(__always)
func smoothNoise(_ x: Float, _ y: Float, _ seed: UInt32) -> Float {
  let ix = floored(x)
  let iy = floored(y)
  let tx = x - Float(ix)
  let ty = y - Float(iy)
  let sx = tx * tx * (3 - 2 * tx)
  let sy = ty * ty * (3 - 2 * ty)
  let a = latticeNoise(ix, iy, seed)
  let b = latticeNoise(ix &+ 1, iy, seed)
  let c = latticeNoise(ix, iy &+ 1, seed)
  let d = latticeNoise(ix &+ 1, iy &+ 1, seed)
  return a + (b - a) * sx + (c - a) * sy + (a - b - c + d) * sx * sy
}
