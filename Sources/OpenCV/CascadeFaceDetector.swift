import COpenCV
import Synchronization
package import Vision

/// Finds frontal faces with one of OpenCV's cascades (Viola and Jones) on a reduced picture.
///
/// Can be shared by any number of threads: each call borrows a loaded cascade, and one more is loaded where none is idle
/// (tens of milliseconds, once for each thread that ever detects at the same time).
package final class CascadeFaceDetector: FaceDetecting {
  /// The defaults find a face in 944 of 1008 real photographs (most cropped to the head). The second try on a wider window
  /// matters most: without it 813 are found (at 160 pixels), with it 940. Of the cascades, on a quarter of the photographs
  /// at 320 pixels with the wider window: `haarcascade_frontalface_default` 94.5 %, `_alt` and `_alt2` 92.1 %,
  /// `lbpcascade_frontalface_improved` 90.5 % in about half the time.
  package struct Settings: Sendable, Hashable {
    /// The picture is scaled so that its longer side has this many pixels; small ones are enlarged, since a cascade's
    /// window is 20 to 24 pixels wide.
    package var longestSidePixels: Int
    /// Ratio of neighbouring face sizes that are tried, above 1.
    package var scaleFactor: Double
    /// How many overlapping hits make a face.
    package var minimumNeighbors: Int
    /// Smallest face, as a share of the picture's longer side.
    package var minimumFaceShare: Double
    /// Where nothing is found, a second try adds this share of the longer side on every side, edges replicated: a face
    /// that fills the frame is cut by the cascade's window otherwise. 0 for no second try.
    package var margin: Double

    package init(
      longestSidePixels: Int = 320, scaleFactor: Double = 1.1, minimumNeighbors: Int = 3,
      minimumFaceShare: Double = 0.1, margin: Double = 0.15
    ) {
      precondition(longestSidePixels >= 20 && scaleFactor > 1 && minimumNeighbors >= 0, "not a detector's settings")
      precondition((0...1).contains(minimumFaceShare) && (0...1).contains(margin), "shares are 0…1")
      self.longestSidePixels = longestSidePixels
      self.scaleFactor = scaleFactor
      self.minimumNeighbors = minimumNeighbors
      self.minimumFaceShare = minimumFaceShare
      self.margin = margin
    }
  }

  package let settings: Settings
  /// The cascade file in use.
  package let cascadePath: String
  private let idle: Mutex<[Cascade]>

  /// - Parameter cascadePath: a cascade file; `nil` looks for ``CascadeFile/preferred`` where distributions put it.
  package init(cascadePath: String? = nil, settings: Settings = Settings()) throws(OpenCVError) {
    let path: String = if let cascadePath { cascadePath } else { try CascadeFile.find(CascadeFile.preferred) }
    self.cascadePath = path
    self.settings = settings
    idle = Mutex([try Cascade(path: path)])
  }

  package func detect(in image: GrayImage) throws(OpenCVError) -> FaceDetection {
    FaceDetection(faces: try frontal(in: image))
  }

  private func frontal(in image: GrayImage) throws(OpenCVError) -> [PixelRect] {
    let ready = idle.withLock { $0.popLast() }
    let cascade = if let ready { ready } else { try Cascade(path: cascadePath) }
    defer { idle.withLock { $0.append(cascade) } }
    let found = try faces(in: image, window: image.bounds, cascade)
    let margin = Int((settings.margin * Double(image.bounds.longestSide)).rounded())
    guard found.isEmpty, margin > 0 else { return found }
    let wider = PixelRect(
      x: -margin, y: -margin, width: image.width + 2 * margin, height: image.height + 2 * margin)
    return try faces(in: image, window: wider, cascade)
  }

  /// Detects inside a window of the picture, which may reach beyond it.
  private func faces(
    in image: GrayImage, window: PixelRect, _ cascade: Cascade
  ) throws(OpenCVError) -> [PixelRect] {
    let longest = image.bounds.longestSide
    let scale = Double(settings.longestSidePixels) / Double(longest)
    let width = max(1, Int((Double(window.width) * scale).rounded()))
    let height = max(1, Int((Double(window.height) * scale).rounded()))
    let smallest = settings.minimumFaceShare * Double(settings.longestSidePixels)
    let found = try cascade.detect(
      in: image.resampled(window, width: width, height: height),
      lectern_cv_detection(
        scale_factor: settings.scaleFactor, minimum_neighbors: Int32(settings.minimumNeighbors),
        minimum_side: Int32(smallest.rounded())))
    return found.compactMap { face in
      let left = window.x + Self.rounded(face.x * window.width, over: width)
      let top = window.y + Self.rounded(face.y * window.height, over: height)
      let right = window.x + Self.rounded((face.x + face.width) * window.width, over: width)
      let bottom = window.y + Self.rounded((face.y + face.height) * window.height, over: height)
      let x = max(left, 0)
      let y = max(top, 0)
      let inside = PixelRect(x: x, y: y, width: min(right, image.width) - x, height: min(bottom, image.height) - y)
      return inside.fits(width: image.width, height: image.height) ? inside : nil
    }
    .sorted { ($1.width * $1.height, $0.y, $0.x) < ($0.width * $0.height, $1.y, $1.x) }
  }

  private static func rounded(_ value: Int, over divisor: Int) -> Int { (2 * value + divisor) / (2 * divisor) }
}
