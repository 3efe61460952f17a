package import LearningEvents
package import Vision

/// A drawn webcam picture with what is true about it.
package struct SyntheticPicture: Sendable {
  package let image: RGBImage

  /// The drawn face from hairline to chin, in pixels and cut to the picture; nil when nobody is there.
  package let face: FaceBox?

  /// What the face shows, after Table 1; nil when nobody is there.
  package let emotion: Emotion?
}
