import Neural
import PlainText
import Vision

extension ModelManifest {
  /// Throws unless this program can run the model and give its numbers the meaning they have. Asked before writing too,
  /// so that what was saved can be loaded.
  func validate() throws(BundleError) {
    guard !name.isEmpty, name.utf8.count <= 200, name.unicodeScalars.allSatisfy(\.isInert) else {
      throw BundleError(.malformed, "model.json: name is empty, longer than 200 bytes or not plain text")
    }
    try labelSet.validate()
    guard featuresVersion == FaceCrops.version else {
      throw BundleError(
        .version, "the model needs features version \(featuresVersion), this program computes \(FaceCrops.version)")
    }
    guard makeNetwork() != nil else {
      throw BundleError(
        .unsupported,
        "no network \(network.shown) in this program; it has "
          + Attention.allCases.map(\.networkName).joined(separator: ", "))
    }
    try validateFeatures()
    guard precision == layout.precision else {
      let parts = layout.precision.keys.sorted().joined(separator: " and ")
      throw BundleError(
        .unsupported, "only models in fp32 can be run: layout \(layout.rawValue) has a precision for \(parts)")
    }
    guard Self.temperatures.contains(temperature) else {
      throw BundleError(
        .malformed,
        "model.json: the temperature must be from \(Self.temperatures.lowerBound) to \(Self.temperatures.upperBound)")
    }
    if let dataSetFingerprint, !Self.isDigest(dataSetFingerprint) {
      throw BundleError(.malformed, "model.json: data_set_fingerprint is not 64 lower-case hex digits")
    }
    if let evaluation {
      guard trained else { throw BundleError(.malformed, "model.json: an untrained model has no evaluation") }
      if let problem = evaluation.problem(labels: labels.count) {
        throw BundleError(.malformed, "model.json: \(problem)")
      }
    }
  }

  /// What a layout reads must be there, and nothing else: a number without effect would still change the model's id.
  private func validateFeatures() throws(BundleError) {
    let layout = "layout \(layout.rawValue)"
    guard self.layout.isFused else {
      guard featureNetwork == nil, hogNormalization == nil, bounds == nil, planes == nil else {
        throw BundleError(
          .malformed,
          "model.json: \(layout) reads no features, so feature_network, hog_normalization, bounds and planes are null")
      }
      return
    }
    guard let featureNetwork, hogNormalization != nil, bounds != nil else {
      throw BundleError(.malformed, "model.json: \(layout) needs feature_network, hog_normalization and bounds")
    }
    guard featureNetwork == "vgg16" else {
      throw BundleError(
        .unsupported, "no feature network \(featureNetwork.shown) in this program; it has vgg16")
    }
    guard self.layout == .planes else {
      guard planes == nil else {
        throw BundleError(.malformed, "model.json: \(layout) has no planes, so they are null")
      }
      return
    }
    guard let planes, planes.count == 3, planes.allSatisfy(\.isPlausible) else { throw PlanesLayout.Statistics.refusal }
  }

  /// Temperatures of calibration. One beyond them makes every answer 0 or 1, or all labels alike, whatever the network
  /// says.
  private static let temperatures = 0.01...100.0

  /// A SHA-256 as this program writes it.
  static func isDigest(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}
