package import Vision

/// The face of a frame that is to be classified, with how it was found and how well it can be read.
package struct FoundFace: Sendable {
  /// Where its box came from.
  package enum Origin: String, Sendable, Hashable, CaseIterable {
    /// The box that came with the frame.
    case hint
    /// The detector's look for frontal faces.
    case frontal
    /// The detector's last look, for heads turned aside.
    case profile
    /// Found again near where the session's last frame had it.
    case reused
  }

  /// The largest face.
  package let box: PixelRect
  /// Faces seen: 1 where the frame came with a box; that of the last look at a whole picture where the box is reused.
  package let count: Int
  /// Every face that was seen in this picture, largest first; `box` alone where it came with the frame or is reused.
  package let faces: [PixelRect]
  package let origin: Origin
  package let crops: FaceCrops
  package let quality: FaceQuality

  package init(_ box: PixelRect, among faces: [PixelRect], count: Int, origin: Origin, in image: GrayImage) {
    self.box = box
    self.count = count
    self.faces = faces
    self.origin = origin
    crops = FaceCrops(of: box, in: image)
    quality = FaceQuality(face: box, crops: crops)
  }
}
