import COpenCV
import Dispatch
import Synchronization
package import Vision

/// Finds faces with OpenCV's cascades (Viola and Jones) on a reduced picture: one look for whoever faces the camera,
/// and further ones only where that finds nobody.
///
/// Can be shared by any number of threads: each call borrows loaded cascades, and waits for them while all are lent.
/// They are loaded once, in the beginning: a file that is replaced or goes later does no harm.
package final class CascadeFaceDetector: FaceDetecting {
  package let settings: Settings
  private let idle: Mutex<[Loaded]>
  /// Counts what is in `idle`.
  private let available: DispatchSemaphore

  /// What one call needs to itself.
  private struct Loaded {
    let frontal: Cascade
    let profile: Cascade?

    init(frontal: String, profile: String?) throws(OpenCVError) {
      self.frontal = try Cascade(path: frontal)
      self.profile = if let profile { try Cascade(path: profile) } else { nil }
    }

    /// The initialiser loads a cascade for each view that the settings look for.
    func cascade(for view: FaceDetection.View) -> Cascade { view == .frontal ? frontal : profile! }
  }

  /// - Parameters:
  ///   - cascadePath: a cascade file for frontal faces; `nil` looks for ``CascadeFile/frontal`` where distributions put
  ///     it.
  ///   - profilePath: one for heads turned aside; `nil` looks for ``CascadeFile/profile`` if the settings ask for that
  ///     look.
  ///   - callers: how many calls can be in work at once; the files are loaded as often (tens of milliseconds each).
  package init(
    cascadePath: String? = nil, profilePath: String? = nil, callers: Int = 1, settings: Settings = Settings()
  ) throws(OpenCVError) {
    precondition(callers > 0, "somebody calls")
    let frontal: String = if let cascadePath { cascadePath } else { try CascadeFile.find(CascadeFile.frontal) }
    let profile: String? =
      switch (settings.look(for: .profile), profilePath) {
      case (nil, _): nil
      case (_, let given?): given
      case (_, nil): try CascadeFile.find(CascadeFile.profile)
      }
    self.settings = settings
    var loaded: [Loaded] = []
    for _ in 0..<callers { loaded.append(try Loaded(frontal: frontal, profile: profile)) }
    idle = Mutex(loaded)
    available = DispatchSemaphore(value: callers)
  }

  package func detect(in image: GrayImage) throws(OpenCVError) -> FaceDetection {
    try withCascades { cascades throws(OpenCVError) in
      for (index, look) in settings.looks.enumerated() {
        let longest = Double(image.bounds.longestSide)
        let window = PictureWindow(
          image, window: image.bounds.grown(by: Int((look.margin * longest).rounded())),
          scale: Double(look.longestSidePixels) / longest)
        let smallest = look.minimumFaceShare * Double(look.longestSidePixels)
        let faces = try window.faces(
          seenFrom: look.view, by: cascades.cascade(for: look.view),
          lectern_cv_detection(
            scale_factor: settings.scaleFactor, minimum_neighbors: Int32(look.minimumNeighbors),
            minimum_side: Int32(max(smallest.rounded(), 1)), maximum_side: 0))
        if !faces.isEmpty { return FaceDetection(faces: faces, view: look.view, looks: index + 1) }
      }
      return FaceDetection(faces: [], view: settings.looks.last!.view, looks: settings.looks.count)
    }
  }

  package func follow(
    _ box: PixelRect, seenFrom view: FaceDetection.View, in image: GrayImage
  ) throws(OpenCVError) -> PixelRect? {
    guard box.fits(width: image.width, height: image.height), let look = settings.look(for: view) else { return nil }
    return try withCascades { cascades throws(OpenCVError) -> PixelRect? in
      let side = Double(settings.followedFacePixels)
      let reach = Int((settings.reach * Double(box.longestSide)).rounded(.up))
      let window = PictureWindow(image, window: box.grown(by: reach), scale: side / Double(box.longestSide))
      let faces = try window.faces(
        seenFrom: view, by: cascades.cascade(for: view),
        lectern_cv_detection(
          scale_factor: settings.scaleFactor, minimum_neighbors: Int32(look.minimumNeighbors),
          minimum_side: Int32((side * 0.75).rounded()), maximum_side: Int32((side / 0.75).rounded())))
      return faces.max { $0.overlap(with: box) < $1.overlap(with: box) }
    }
  }

  private func withCascades<Value>(
    _ body: (Loaded) throws(OpenCVError) -> Value
  ) throws(OpenCVError) -> Value {
    available.wait()
    // Whoever has waited finds one.
    let cascades = idle.withLock { $0.removeLast() }
    defer {
      idle.withLock { $0.append(cascades) }
      available.signal()
    }
    return try body(cascades)
  }
}
