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

  /// The bounds over a set of faces; nil for none, or where a value is not finite or a family is missing.
  package init?(of faces: some Sequence<FrameFeatures>) {
    var learner = Learner()
    for face in faces {
      guard learner.add(face) else { return nil }
    }
    guard let bounds = learner.bounds else { return nil }
    self = bounds
  }

  /// The bounds over what both were learned on.
  package func union(_ other: FamilyBounds) -> FamilyBounds {
    FamilyBounds(cnn: cnn.union(other.cnn), hog: hog.union(other.hog), sift: sift.union(other.sift))
  }

  package subscript(family: FeatureFamily) -> FeatureBounds {
    switch family {
    case .cnn: cnn
    case .hog: hog
    case .sift: sift
    }
  }

  /// Learns bounds from one face at a time, so that a training part need not be held in memory. A value: parts learned
  /// on several threads are joined by `union` of their bounds.
  ///
  /// It knows only the faces it was given: whoever calls it gives those of the training part, never the test part's.
  package struct Learner: Sendable {
    /// Over the faces so far; nil before the first.
    package private(set) var bounds: FamilyBounds?
    /// How many faces it has learned from.
    package private(set) var count = 0

    package init() {}

    /// Widens the bounds by a face's features before normalisation.
    ///
    /// - Returns: false, and nothing is learned, where a value is not finite or a family is missing: one such number
    ///   would be a bound for every later face.
    package mutating func add(_ face: FrameFeatures) -> Bool {
      guard let cnn = FeatureBounds(ofArray: face.cnn), let hog = FeatureBounds(ofArray: face.hog),
        let sift = FeatureBounds(ofArray: face.sift)
      else { return false }
      let one = FamilyBounds(cnn: cnn, hog: hog, sift: sift)
      bounds = bounds?.union(one) ?? one
      count += 1
      return true
    }
  }
}
