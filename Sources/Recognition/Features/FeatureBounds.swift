/// The smallest and largest value of one feature family on the training part (the paper, section 3.4, formula 7).
package struct FeatureBounds: Sendable, Hashable {
  package let minimum: Float
  package let maximum: Float

  /// Traps unless both are finite and in order; a file's numbers are checked by `ModelManifest` first.
  package init(minimum: Float, maximum: Float) {
    precondition(minimum.isFinite && maximum.isFinite && minimum <= maximum, "bounds are finite and in order")
    self.minimum = minimum
    self.maximum = maximum
  }

  /// The bounds of all values given, nil for none or where one is not finite.
  package init?(of values: [Float]) {
    var low = Float.infinity
    var high = -Float.infinity
    for value in values {
      guard value.isFinite else { return nil }
      low = min(low, value)
      high = max(high, value)
    }
    guard low <= high else { return nil }
    self.init(minimum: low, maximum: high)
  }

  /// The bounds of both.
  package func union(_ other: FeatureBounds) -> FeatureBounds {
    FeatureBounds(minimum: min(minimum, other.minimum), maximum: max(maximum, other.maximum))
  }

  /// (v − min)/(max − min), clipped to 0…1, infinities too; 0 everywhere where the bounds are equal, and for NaN.
  package func normalized(_ values: [Float]) -> [Float] {
    guard maximum > minimum else { return [Float](repeating: 0, count: values.count) }
    // The range of two finite floats may overflow; in Double it cannot.
    let low = Double(minimum)
    let scale = 1 / (Double(maximum) - low)
    return values.map { value in
      let share = (Double(value) - low) * scale
      return share > 0 ? Float(min(share, 1)) : 0
    }
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
}
