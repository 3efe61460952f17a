import LearningEvents
import Vision

/// Where one session's face was in its last frame.
struct FaceTrack: Sendable, Hashable {
  var box: PixelRect
  let view: FaceDetection.View
  /// Faces in the last whole picture that was looked at.
  let count: Int
  /// Of the picture, in pixels.
  let width: Int
  let height: Int
  /// When the frame was taken that `box` was found in.
  var capturedAt: EventTime
  /// When the last frame was taken whose whole picture was looked at.
  let lookedAt: EventTime
  /// Frames that began from it since then, those still in work included.
  var followed = 0

  /// What a look at a whole picture found; nil where it found nobody.
  init?(_ detection: FaceDetection, in image: GrayImage, at time: EventTime) {
    guard let box = detection.faces.first else { return nil }
    self.box = box
    view = detection.view
    count = detection.faces.count
    (width, height) = (image.width, image.height)
    (capturedAt, lookedAt) = (time, time)
  }

  /// Whether a later frame may begin with a look at `box`.
  func serves(_ image: GrayImage, at time: EventTime, _ limits: FaceReuse) -> Bool {
    time > capturedAt && time.duration(since: lookedAt) <= limits.maximumAge && followed < limits.maximumFrames
      && image.width == width && image.height == height
  }
}
