/// A point of interest with its descriptor.
package struct Keypoint: Sendable, Hashable {
  /// Position in pixels; (0, 0) is the centre of the top left pixel.
  package let x: Float
  package let y: Float
  /// Strength of the extremum; larger is stronger.
  package let response: Float
  /// Diameter of the neighbourhood in pixels; 0 where the describer does not say.
  package let diameter: Float
  /// Main direction in degrees, 0…360, from the x axis towards the y axis, which points down.
  package let angleDegrees: Float
  /// 128 numbers, 0…255.
  package let descriptor: [Float]

  package init(
    x: Float, y: Float, response: Float, diameter: Float = 0, angleDegrees: Float = 0, descriptor: [Float]
  ) {
    precondition(descriptor.count == KeypointGrid.channels, "a descriptor has 128 numbers")
    self.x = x
    self.y = y
    self.response = response
    self.diameter = diameter
    self.angleDegrees = angleDegrees
    self.descriptor = descriptor
  }
}

/// Finds and describes keypoints (SIFT: the paper, section 3.2). Safe to share between threads; calls block for
/// milliseconds.
package protocol KeypointDescribing: Sendable {
  /// All keypoints of the picture in the describer's own, repeatable order.
  func describe(_ image: GrayImage) throws -> [Keypoint]
}
