import OpenCV
import Vision

/// One detector that is measured.
struct SweepConfiguration {
  typealias Look = CascadeFaceDetector.Look

  let name: String
  var cascade = "haarcascade_frontalface_default.xml"
  var profile: String?
  var settings = CascadeFaceDetector.Settings()
  /// Stretches the histogram of the whole picture first.
  var equalizes = false

  func detector() throws -> CascadeFaceDetector {
    try CascadeFaceDetector(
      cascadePath: CascadeFile.find(cascade), profilePath: profile.map { try CascadeFile.find($0) },
      settings: settings)
  }

  /// Two looks of a frontal cascade at one size, the second one beyond the picture's borders.
  private static func frontal(
    _ cascade: String, pixels: Int = 240, neighbors: Int = 3, smallest: Double = 0.1, margin: Double = 0.15,
    _ note: String = ""
  ) -> SweepConfiguration {
    var looks = [Look(longestSidePixels: pixels, minimumNeighbors: neighbors, minimumFaceShare: smallest)]
    if margin > 0 {
      looks.append(
        Look(longestSidePixels: pixels, margin: margin, minimumNeighbors: neighbors, minimumFaceShare: smallest))
    }
    return SweepConfiguration(
      name: "\(cascade), \(pixels) px, n \(neighbors)\(note)", cascade: cascade + ".xml",
      settings: CascadeFaceDetector.Settings(looks: looks))
  }

  /// A quick look, and one that sees small and cut faces where it found nobody.
  private static func staged(
    _ note: String, first: Int = 192, second: Int = 240, margin: Double = 0.3, neighbors: Int = 2
  ) -> SweepConfiguration {
    SweepConfiguration(
      name: "haarcascade_frontalface_alt \(first), \(second) px\(note)", cascade: "haarcascade_frontalface_alt.xml",
      settings: CascadeFaceDetector.Settings(looks: [
        Look(longestSidePixels: first, minimumNeighbors: 3, minimumFaceShare: 0.1),
        Look(longestSidePixels: second, margin: margin, minimumNeighbors: neighbors, minimumFaceShare: 0.1),
      ]))
  }

  private static let rivals = ["haarcascade_frontalface_default", "haarcascade_frontalface_alt"]

  /// Named sweeps, each varying one thing.
  static func suite(_ name: String) -> [SweepConfiguration]? {
    switch name {
    case "chosen": [SweepConfiguration(name: "chosen", cascade: CascadeFile.frontal)]
    case "before": [frontal("haarcascade_frontalface_default", pixels: 320)]
    case "cascades":
      [
        "haarcascade_frontalface_default", "haarcascade_frontalface_alt", "haarcascade_frontalface_alt2",
        "haarcascade_frontalface_alt_tree", "lbpcascade_frontalface", "lbpcascade_frontalface_improved",
      ].flatMap { cascade in [160, 240].map { frontal(cascade, pixels: $0) } }
    case "sizes": rivals.flatMap { cascade in [128, 160, 192, 240, 320].map { frontal(cascade, pixels: $0) } }
    case "neighbors": rivals.flatMap { cascade in [2, 3, 4, 5, 6, 8].map { frontal(cascade, neighbors: $0) } }
    case "steps":
      rivals.flatMap { cascade in
        [1.05, 1.1, 1.15, 1.2, 1.3].map { factor in
          var it = frontal(cascade, ", steps of \(factor)")
          it.settings.scaleFactor = factor
          return it
        }
      }
    case "smallest":
      rivals.flatMap { cascade in
        [0.1, 0.125, 0.15, 0.2].map { frontal(cascade, smallest: $0, ", from \($0)") }
      }
    case "margins":
      rivals.flatMap { cascade in
        [0, 0.1, 0.15, 0.2, 0.3].map { frontal(cascade, margin: $0, ", margin \($0)") }
      }
    case "equalized":
      rivals.map { cascade in
        var it = frontal(cascade, ", equalised")
        it.equalizes = true
        return it
      }
    case "staged":
      [(160, 240, 0.15, 2), (192, 240, 0.15, 2), (192, 240, 0.3, 2), (192, 240, 0.3, 1), (192, 320, 0.3, 2)].map {
        first, second, margin, neighbors in
        staged(" +\(margin) n \(neighbors)", first: first, second: second, margin: margin, neighbors: neighbors)
      }
    case "profiles":
      ["haarcascade_profileface", "lbpcascade_profileface"].flatMap { profile in
        [2, 4, 6].map { neighbors in
          var it = staged(", then \(profile) n \(neighbors)")
          it.profile = profile + ".xml"
          it.settings.looks.append(
            Look(.profile, longestSidePixels: 160, minimumNeighbors: neighbors, minimumFaceShare: 0.125))
          return it
        }
      }
    default: nil
    }
  }

  /// Histogram equalisation as OpenCV's `equalizeHist`.
  static func equalized(_ image: GrayImage) -> GrayImage {
    var histogram = [Int](repeating: 0, count: 256)
    for pixel in image.pixels { histogram[Int(pixel)] += 1 }
    guard let first = histogram.firstIndex(where: { $0 > 0 }), histogram[first] < image.pixels.count else {
      return image
    }
    let scale = 255 / Double(image.pixels.count - histogram[first])
    var sum = 0
    var table = [UInt8](repeating: 0, count: 256)
    for level in (first + 1)..<256 {
      sum += histogram[level]
      table[level] = UInt8(min(255, (Double(sum) * scale).rounded()))
    }
    return GrayImage(width: image.width, height: image.height, pixels: image.pixels.map { table[Int($0)] })
  }
}
