extension FamilyBounds: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case cnn, hog, sift }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(only: CodingKeys.self)
    self.init(
      cnn: try values.decode(FeatureBounds.self, forKey: .cnn),
      hog: try values.decode(FeatureBounds.self, forKey: .hog),
      sift: try values.decode(FeatureBounds.self, forKey: .sift))
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(cnn, forKey: .cnn)
    try values.encode(hog, forKey: .hog)
    try values.encode(sift, forKey: .sift)
  }
}

extension FeatureBounds: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case minimum, maximum }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(only: CodingKeys.self)
    let minimum = try values.decode(Float.self, forKey: .minimum)
    let maximum = try values.decode(Float.self, forKey: .maximum)
    guard minimum.isFinite, maximum.isFinite, minimum <= maximum else {
      throw BundleError(.malformed, "model.json: feature bounds are not finite or not in order")
    }
    self.init(minimum: minimum, maximum: maximum)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(minimum, forKey: .minimum)
    try values.encode(maximum, forKey: .maximum)
  }
}

extension PlanesLayout.Statistics: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable { case mean, deviation }

  /// Planes are of features in 0…1, so that a mean or deviation beyond that belongs to no data; planes of a smaller
  /// deviation were taken for constant when they were measured.
  var isPlausible: Bool { Self.isPlausible(mean: mean, deviation: deviation) }

  private static func isPlausible(mean: Float, deviation: Float) -> Bool {
    (0...1).contains(mean) && (1e-6...1).contains(deviation)
  }

  static var refusal: BundleError {
    BundleError(.malformed, "model.json: planes needs three means in 0…1 with deviations above 0 and at most 1")
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(only: CodingKeys.self)
    let mean = try values.decode(Float.self, forKey: .mean)
    let deviation = try values.decode(Float.self, forKey: .deviation)
    guard Self.isPlausible(mean: mean, deviation: deviation) else { throw Self.refusal }
    self.init(mean: mean, deviation: deviation)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(mean, forKey: .mean)
    try values.encode(deviation, forKey: .deviation)
  }
}
