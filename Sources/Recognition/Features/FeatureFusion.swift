package import Tensors

/// How the features of faces become the classifying network's input: each family by the model's bounds to 0…1, then the
/// model's layout.
package struct FeatureFusion: Sendable {
  package let layout: any FeatureLayout
  private let bounds: FamilyBounds?
  private let planes: [PlanesLayout.Statistics]?

  /// Traps where the model lacks the bounds or planes that its layout needs, which no model from a file does.
  package init(_ model: ModelManifest) {
    layout = model.makeLayout()
    bounds = model.bounds
    planes = model.planes
  }

  /// F′ of one face; nil where the layout reads no families.
  package func fused(_ features: FrameFeatures) -> FrameFeatures? { bounds.map(features.fused) }

  /// The network's input for some faces, `[places, C, H, W]`.
  ///
  /// - Parameters:
  ///   - family: left out of what a layout of families is given, replaced by neutral values.
  ///   - places: at least as many as there are faces, whose number it is where nil; the last ones are filled with
  ///     zeros.
  package func input(
    of faces: ArraySlice<FrameFeatures>, dropping family: FeatureFamily? = nil, places: Int? = nil
  ) -> Tensor<Float> {
    let samples = faces.map { face in
      guard let fused = fused(face) else { return face }
      return family.map { fused.dropping($0, planes: planes) } ?? fused
    }
    return layout.tensor(of: samples, places: places)
  }
}

extension ModelManifest {
  /// Learns the bounds, and the planes of a layout that has them, from the features of a training part. No effect for a
  /// layout that reads no families.
  ///
  /// - Returns: false, and nothing is learned, where there is no face, a value is not finite or a family is missing.
  package mutating func learnScales(from faces: [FrameFeatures]) -> Bool {
    guard layout.isFused else { return true }
    guard let bounds = FamilyBounds(of: faces) else { return false }
    self.bounds = bounds
    if layout == .planes {
      planes = PlanesLayout.measured(on: faces.map { $0.fused(bounds) }, cnnChannels: cnnChannels)
    }
    return true
  }
}
