package import Vision

/// The feature families of one face before or after normalisation, with the crop they come from.
///
/// Each family is laid out `[channel, 7, 7]`, row-major, and empty where it was not computed since the layout in use
/// does not read it.
package struct FrameFeatures: Sendable {
  /// The 224×224 crop.
  package let crop: GrayImage
  /// VGG16's pool5, `[C, 7, 7]`, C = 512 at full width.
  package let cnn: [Float]
  /// `[36, 7, 7]`.
  package let hog: [Float]
  /// `[128, 7, 7]`.
  package let sift: [Float]

  package init(crop: GrayImage, cnn: [Float] = [], hog: [Float] = [], sift: [Float] = []) {
    precondition(crop.width == 224 && crop.height == 224, "the crop is 224×224")
    precondition(cnn.count.isMultiple(of: 49), "pool5 is [C, 7, 7]")
    precondition(hog.isEmpty || hog.count == 36 * 49, "HOG is [36, 7, 7]")
    precondition(sift.isEmpty || sift.count == 128 * 49, "SIFT is [128, 7, 7]")
    self.crop = crop
    self.cnn = cnn
    self.hog = hog
    self.sift = sift
  }

  package subscript(family: FeatureFamily) -> [Float] {
    switch family {
    case .cnn: cnn
    case .hog: hog
    case .sift: sift
    }
  }

  /// F′ = {CNN, HOG, SIFT}: each family by its own bounds to 0…1 (the paper, section 3.4).
  package func fused(_ bounds: FamilyBounds) -> FrameFeatures {
    FrameFeatures(
      crop: crop, cnn: bounds.cnn.normalized(cnn), hog: bounds.hog.normalized(hog),
      sift: bounds.sift.normalized(sift))
  }
}
