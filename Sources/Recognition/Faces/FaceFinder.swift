package import LearningEvents
package import Vision

/// Finds the face of a picture that is to be classified: the box that came with the frame if it is plausible; else the
/// session's face, if it is found again where the last frame had it; else the largest in the whole picture.
///
/// Remembers where each session's face was, and nothing else. A call blocks for some ten milliseconds. Any thread, as
/// far as its detector allows.
package struct FaceFinder: Sendable {
  private let detector: any FaceDetecting
  private let tracks: FaceTracks
  private let metrics: RecognitionMetrics?

  /// - Parameters:
  ///   - reuse: how long a face is looked for where its session's last frame had it.
  ///   - metrics: what counts and times the searches; nil for none.
  package init(detector: any FaceDetecting, reuse: FaceReuse = FaceReuse(), metrics: RecognitionMetrics? = nil) {
    self.detector = detector
    self.metrics = metrics
    tracks = FaceTracks(reuse)
  }

  /// The face of a picture, whatever its quality; nil where there is none.
  ///
  /// - Parameters:
  ///   - hint: the box that came with the frame, in pixels of the picture.
  ///   - track: the frame's session and time; nil to look at the whole picture.
  /// - Throws: what the detector throws.
  package func face(in image: GrayImage, hint: FaceBox? = nil, track: FrameTrack? = nil) throws -> FoundFace? {
    try face(in: image, hint: hint, track: track, by: nil)
  }

  /// The same of a frame whose preparation has a deadline.
  func face(
    in image: GrayImage, hint: FaceBox?, track: FrameTrack?, by deadline: PreparationDeadline?
  ) throws -> FoundFace? {
    if let hint, let box = Self.plausible(hint, in: image) {
      metrics?.count(FoundFace.Origin.hint)
      return FoundFace(box, among: [box], count: 1, origin: .hint, in: image)
    }
    let found = try (metrics?[.face]).timed { try search(image, track, by: deadline) }
    metrics?.count(found?.origin)
    try deadline?.check()
    return found.map { FoundFace($0.boxes[0], among: $0.boxes, count: $0.count, origin: $0.origin, in: image) }
  }

  private typealias Found = (boxes: [PixelRect], count: Int, origin: FoundFace.Origin)

  private func search(
    _ image: GrayImage, _ frame: FrameTrack?, by deadline: PreparationDeadline?
  ) throws -> Found? {
    if let frame, let last = tracks.start(for: frame, in: image) {
      metrics?.count(.local)
      if let box = try detector.follow(last.box, seenFrom: last.view, in: image) {
        tracks.remember(last, at: box, for: frame)
        return ([box], last.count, .reused)
      }
      try deadline?.check()
    }
    let detection = try detector.detect(in: image)
    metrics?.count(.whole)
    if detection.looks > 1 { metrics?.count(.further) }
    if let frame { tracks.remember(FaceTrack(detection, in: image, at: frame.capturedAt), for: frame) }
    guard !detection.faces.isEmpty else { return nil }
    return (detection.faces, detection.faces.count, detection.view == .frontal ? .frontal : .profile)
  }

  /// Smallest side of a face box that is worth believing, in pixels.
  private static let smallestHint = 24

  /// The part of a producer's face box inside the picture, if the box is plausible: at least 24 pixels a side, no side
  /// over twice the other, at least three quarters of it inside. Nil leaves the picture to the detector.
  private static func plausible(_ hint: FaceBox, in image: GrayImage) -> PixelRect? {
    let limit = FaceBox.limit
    guard (-limit...limit).contains(hint.x), (-limit...limit).contains(hint.y), hint.width <= limit,
      hint.height <= limit,
      hint.width >= smallestHint, hint.height >= smallestHint, hint.width <= 2 * hint.height,
      hint.height <= 2 * hint.width
    else { return nil }
    let left = max(0, hint.x)
    let top = max(0, hint.y)
    let right = min(image.width, hint.x + hint.width)
    let bottom = min(image.height, hint.y + hint.height)
    guard right - left >= smallestHint, bottom - top >= smallestHint,
      4 * (right - left) * (bottom - top) >= 3 * hint.width * hint.height
    else { return nil }
    return PixelRect(x: left, y: top, width: right - left, height: bottom - top)
  }
}
