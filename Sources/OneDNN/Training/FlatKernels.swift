/// Elementwise sweeps over whole buffers of one layout, whatever it is: memory-bound, spread over the team in pieces of
/// 64 kB that fit its caches.
enum FlatKernels {
  private static let piece = 1 << 14

  /// y = max(a + b, floor), or max(a, floor) without b. `y` may be `a` or `b`.
  static func add(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>?, floor: Float, into y: UnsafeMutablePointer<Float>,
    count: Int, _ team: Team
  ) {
    pieces(count, team) { range in
      guard let b else {
        for index in range { y[index] = a[index] < floor ? floor : a[index] }
        return
      }
      for index in range {
        let sum = a[index] + b[index]
        y[index] = sum < floor ? floor : sum
      }
    }
  }

  /// y = gradient where value > 0, else 0: backward through ReLU by its result. `y` may be `gradient`.
  static func mask(
    _ gradient: UnsafePointer<Float>, by value: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int,
    _ team: Team
  ) {
    pieces(count, team) { range in
      for index in range { y[index] = value[index] > 0 ? gradient[index] : 0 }
    }
  }

  /// Calls `body` with contiguous pieces of 0 ..< `count`, spread over the team.
  static func pieces(_ count: Int, _ team: Team, _ body: (Range<Int>) -> Void) {
    team.forEach((count + piece - 1) / piece) { body($0 * piece..<min(count, ($0 + 1) * piece)) }
  }
}
