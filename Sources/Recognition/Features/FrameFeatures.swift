package import Vision

/// One of the three kinds of features that are fused (the paper, section 3), in the order of F′.
package enum FeatureFamily: String, CaseIterable, Sendable, Hashable, Codable {
  /// VGG16's pool5.
  case cnn
  case hog
  case sift
}

/// The features of one face, with the crop they come from: all that the classifying network and training need to know
/// of a picture.
///
/// | member | shape, row-major | values as `FeatureExtractor` computes them |
/// |---|---|---|
/// | `crop` | `[224, 224]` | gray, 0…255 |
/// | `cnn` | `[C, 7, 7]`, C = 512·width | VGG16's pool5, ≥ 0 |
/// | `hog` | `[36, 7, 7]` | 0…1; channel 9·(2·cell row + cell column) + bin |
/// | `sift` | `[128, 7, 7]` | OpenCV's descriptors, 0…255; 0 in a cell without a keypoint |
///
/// A family is empty where it was not computed since the layout in use does not read it. After fusion (`FeatureFusion`)
/// every family is in 0…1.
package struct FrameFeatures: Sendable, Hashable {
  /// The preprocessing that they were computed by, `FaceCrops.version`: features of another version mean something
  /// else.
  package let version: Int
  package let crop: GrayImage
  package let cnn: [Float]
  package let hog: [Float]
  package let sift: [Float]

  package init(
    version: Int = FaceCrops.version, crop: GrayImage, cnn: [Float] = [], hog: [Float] = [], sift: [Float] = []
  ) {
    precondition(crop.width == 224 && crop.height == 224, "the crop is 224×224")
    precondition(cnn.count.isMultiple(of: 49), "pool5 is [C, 7, 7]")
    precondition(hog.isEmpty || hog.count == 36 * 49, "HOG is [36, 7, 7]")
    precondition(sift.isEmpty || sift.count == 128 * 49, "SIFT is [128, 7, 7]")
    self.version = version
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
      version: version, crop: crop, cnn: bounds.cnn.normalized(cnn), hog: bounds.hog.normalized(hog),
      sift: bounds.sift.normalized(sift))
  }
}
