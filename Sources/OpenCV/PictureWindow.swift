import COpenCV
import Vision

/// A window of a picture at the size a cascade looks at it. The window may reach beyond the picture, whose edges are
/// then replicated.
struct PictureWindow {
  let image: GrayImage
  let window: PixelRect
  /// Pixels of `scaled` for one of the picture.
  let scale: Double
  let scaled: GrayImage

  /// - Parameter scale: what makes the window empty or too large for any cascade is brought to 1…8192 pixels a side.
  init(_ image: GrayImage, window: PixelRect, scale: Double) {
    self.image = image
    self.window = window
    self.scale = scale
    func side(_ length: Int) -> Int { Int(min(max((Double(length) * scale).rounded(), 1), 8192)) }
    scaled = image.resampled(window, width: side(window.width), height: side(window.height))
  }

  /// What a cascade finds, in pixels of the picture and cut to it, largest first.
  ///
  /// A cascade for profiles knows heads turned to one side, so it also looks at the mirror image; what overlaps is one
  /// face.
  func faces(
    seenFrom view: FaceDetection.View, by cascade: Cascade, _ settings: lectern_cv_detection
  ) throws(OpenCVError) -> [PixelRect] {
    let found = try cascade.detect(in: scaled, settings)
    guard view == .profile else { return Self.sorted(found.compactMap(original)) }
    let width = scaled.width
    let mirrored = try cascade.detect(in: scaled.upright(from: .mirrored), settings).map { face in
      PixelRect(x: width - face.x - face.width, y: face.y, width: face.width, height: face.height)
    }
    return Self.sorted((found + mirrored).compactMap(original)).reduce(into: []) { kept, face in
      if kept.allSatisfy({ $0.overlap(with: face) < 0.3 }) { kept.append(face) }
    }
  }

  private func original(_ face: PixelRect) -> PixelRect? {
    let left = window.x + Self.rounded(face.x * window.width, over: scaled.width)
    let top = window.y + Self.rounded(face.y * window.height, over: scaled.height)
    let right = window.x + Self.rounded((face.x + face.width) * window.width, over: scaled.width)
    let bottom = window.y + Self.rounded((face.y + face.height) * window.height, over: scaled.height)
    let x = max(left, 0)
    let y = max(top, 0)
    let inside = PixelRect(x: x, y: y, width: min(right, image.width) - x, height: min(bottom, image.height) - y)
    return inside.fits(width: image.width, height: image.height) ? inside : nil
  }

  private static func sorted(_ faces: [PixelRect]) -> [PixelRect] {
    faces.sorted { ($1.width * $1.height, $0.y, $0.x) < ($0.width * $0.height, $1.y, $1.x) }
  }

  private static func rounded(_ value: Int, over divisor: Int) -> Int { (2 * value + divisor) / (2 * divisor) }
}
