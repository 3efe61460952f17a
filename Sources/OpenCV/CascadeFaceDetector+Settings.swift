package import Vision

extension CascadeFaceDetector {
  /// One way of looking at a picture.
  package struct Look: Sendable, Hashable {
    /// Which faces it is for; a look for profiles is taken on the picture and on its mirror image.
    package var view: FaceDetection.View
    /// The picture is scaled so that its longer side has this many pixels; small ones are enlarged, since a cascade's
    /// window is 20 to 24 pixels wide.
    package var longestSidePixels: Int
    /// This share of the longer side is added on every side, edges replicated: a face that fills the frame is cut by
    /// the cascade's window otherwise.
    package var margin: Double
    /// How many overlapping hits make a face.
    package var minimumNeighbors: Int
    /// Smallest face, as a share of the picture's longer side.
    package var minimumFaceShare: Double

    package init(
      _ view: FaceDetection.View = .frontal, longestSidePixels: Int, margin: Double = 0, minimumNeighbors: Int,
      minimumFaceShare: Double
    ) {
      precondition(longestSidePixels >= 20 && minimumNeighbors >= 0, "not a look's settings")
      precondition((0...1).contains(minimumFaceShare) && (0...1).contains(margin), "shares are 0…1")
      self.view = view
      self.longestSidePixels = longestSidePixels
      self.margin = margin
      self.minimumNeighbors = minimumNeighbors
      self.minimumFaceShare = minimumFaceShare
    }
  }

  /// How the detector looks. The defaults were chosen on real photographs, rendered webcam pictures and pictures
  /// without a face: docs/decisions/0014-faces-in-stages.md, `Benchmarks/FaceSweep`.
  package struct Settings: Sendable, Hashable {
    /// Taken in this order until one of them finds a face.
    package var looks: [Look]
    /// Ratio of neighbouring face sizes that are tried, above 1.
    package var scaleFactor: Double
    /// The size a face is scaled to when it is followed, in pixels.
    package var followedFacePixels: Int
    /// How far a followed face may have gone, as a share of its side.
    package var reach: Double

    package init(
      looks: [Look] = [
        Look(longestSidePixels: 192, minimumNeighbors: 3, minimumFaceShare: 0.1),
        Look(longestSidePixels: 240, margin: 0.3, minimumNeighbors: 2, minimumFaceShare: 0.1),
        Look(.profile, longestSidePixels: 160, minimumNeighbors: 4, minimumFaceShare: 0.125),
      ], scaleFactor: Double = 1.1, followedFacePixels: Int = 64, reach: Double = 0.4
    ) {
      precondition(!looks.isEmpty && scaleFactor > 1, "not a detector's settings")
      precondition((32...512).contains(followedFacePixels) && (0...4).contains(reach), "not a detector's settings")
      self.looks = looks
      self.scaleFactor = scaleFactor
      self.followedFacePixels = followedFacePixels
      self.reach = reach
    }

    func look(for view: FaceDetection.View) -> Look? { looks.first { $0.view == view } }
  }
}
