/// One pair of bounds for each feature family, learned on the training part alone (the paper, section 3.4).
package struct FamilyBounds: Sendable, Hashable {
  package let cnn: FeatureBounds
  package let hog: FeatureBounds
  package let sift: FeatureBounds

  package init(cnn: FeatureBounds, hog: FeatureBounds, sift: FeatureBounds) {
    self.cnn = cnn
    self.hog = hog
    self.sift = sift
  }

  /// The bounds over a set of faces; nil for none, or where a value is not finite or a family is missing: one such
  /// number would be a bound for every later face.
  ///
  /// They know only the faces given: whoever calls gives those of the training part, never the test part's.
  package init?(of faces: some Sequence<FrameFeatures>) {
    var bounds: FamilyBounds?
    for face in faces {
      guard let cnn = FeatureBounds(of: face.cnn), let hog = FeatureBounds(of: face.hog),
        let sift = FeatureBounds(of: face.sift)
      else { return nil }
      let one = FamilyBounds(cnn: cnn, hog: hog, sift: sift)
      bounds = bounds?.union(one) ?? one
    }
    guard let bounds else { return nil }
    self = bounds
  }

  /// The bounds over what both were learned on.
  package func union(_ other: FamilyBounds) -> FamilyBounds {
    FamilyBounds(cnn: cnn.union(other.cnn), hog: hog.union(other.hog), sift: sift.union(other.sift))
  }
}

extension FamilyBounds: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case cnn, hog, sift }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(only: CodingKeys.self)
    self.init(
      cnn: try values.decode(FeatureBounds.self, forKey: .cnn),
      hog: try values.decode(FeatureBounds.self, forKey: .hog),
      sift: try values.decode(FeatureBounds.self, forKey: .sift))
  }
}
