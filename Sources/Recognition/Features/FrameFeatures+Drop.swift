extension FrameFeatures {
  /// The same fused features without one family: each of its values replaced by a neutral one.
  ///
  /// Neutral is what tells the network nothing about this face and is not unusual to it either. Zero is not:
  /// normalised, it is the smallest value of the training part, which a whole family never takes. So
  /// - for `planes` it is the plane's mean on the training part, which the bundle stores: standardised, the plane is
  ///   exactly 0 everywhere;
  /// - for `grid`, whose bundle stores no means, it is the mean of this face's own values of the family, which leaves
  ///   the family's level and takes away all that distinguishes channels and places.
  ///
  /// - Parameter planes: mean and deviation of each family's plane, in the order of the families; nil for `grid`.
  func dropping(_ family: FeatureFamily, planes: [PlanesLayout.Statistics]?) -> FrameFeatures {
    func kept(_ other: FeatureFamily) -> [Float] {
      let values = self[other]
      guard other == family, !values.isEmpty else { return values }
      let neutral: Float
      if let planes, let index = FeatureFamily.allCases.firstIndex(of: family) {
        neutral = planes[index].mean
      } else {
        neutral = Float(values.reduce(0.0) { $0 + Double($1) } / Double(values.count))
      }
      return [Float](repeating: neutral, count: values.count)
    }
    return FrameFeatures(version: version, crop: crop, cnn: kept(.cnn), hog: kept(.hog), sift: kept(.sift))
  }
}
