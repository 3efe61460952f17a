extension PixelRect {
  /// The rectangle with that many pixels more on every side.
  package func grown(by margin: Int) -> PixelRect {
    PixelRect(x: x - margin, y: y - margin, width: width + 2 * margin, height: height + 2 * margin)
  }

  /// Shared area over the area of both together: 1 for equal rectangles, 0 for separate ones.
  package func overlap(with other: PixelRect) -> Double {
    let width = min(x + self.width, other.x + other.width) - max(x, other.x)
    let height = min(y + self.height, other.y + other.height) - max(y, other.y)
    guard width > 0, height > 0 else { return 0 }
    let shared = width * height
    return Double(shared) / Double(self.width * self.height + other.width * other.height - shared)
  }
}
