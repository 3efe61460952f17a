import Foundation
import JSON
import LearningEvents
import Neural
import PlainText
import Vision

extension HistogramOfGradients.Normalization: Codable {}

extension ModelManifest: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case formatVersion = "format_version"
    case name, trained, labels
    case labelSet = "label_set"
    case featureNetwork = "feature_network"
    case network, layout, width
    case featuresVersion = "features_version"
    case hogNormalization = "hog_normalization"
    case bounds, planes, temperature, precision
    case dataSetFingerprint = "data_set_fingerprint"
    case evaluation, provenance
    case weightsSHA256 = "weights_sha256"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(only: CodingKeys.self)
    name = try values.decode(String.self, forKey: .name)
    trained = try values.decode(Bool.self, forKey: .trained)
    labelSet = LabelSet(
      name: try values.decodeIfPresent(String.self, forKey: .labelSet) ?? LabelSet.learningEmotions.name,
      labels: try values.decode([String].self, forKey: .labels))
    featureNetwork = try values.decodeIfPresent(String.self, forKey: .featureNetwork)
    network = try values.decode(String.self, forKey: .network)
    layout = try values.decode(LayoutKind.self, forKey: .layout)
    width = try values.decode(Width.self, forKey: .width)
    featuresVersion = try values.decode(Int.self, forKey: .featuresVersion)
    hogNormalization = try values.decodeIfPresent(
      HistogramOfGradients.Normalization.self, forKey: .hogNormalization)
    bounds = try values.decodeIfPresent(FamilyBounds.self, forKey: .bounds)
    planes = try values.decodeIfPresent([PlanesLayout.Statistics].self, forKey: .planes)
    temperature = try values.decode(Double.self, forKey: .temperature)
    precision = try values.decode([String: String].self, forKey: .precision)
    dataSetFingerprint = try values.decodeIfPresent(String.self, forKey: .dataSetFingerprint)
    evaluation = try values.decodeIfPresent(ModelEvaluation.self, forKey: .evaluation)
    provenance = try values.decodeIfPresent(ModelProvenance.self, forKey: .provenance)
    weightsSHA256 = try values.decode(String.self, forKey: .weightsSHA256)
  }

  /// What is unknown is written as null, so that a reader sees that it was not forgotten. The label set is written only
  /// where it is not the six learning emotions, which every model has whose file does not name a set.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(Self.currentFormatVersion, forKey: .formatVersion)
    try values.encode(name, forKey: .name)
    try values.encode(trained, forKey: .trained)
    try values.encode(labels, forKey: .labels)
    if !isOfLearningEmotions { try values.encode(labelSet.name, forKey: .labelSet) }
    try values.encode(featureNetwork, forKey: .featureNetwork)
    try values.encode(network, forKey: .network)
    try values.encode(layout, forKey: .layout)
    try values.encode(width, forKey: .width)
    try values.encode(featuresVersion, forKey: .featuresVersion)
    try values.encode(hogNormalization, forKey: .hogNormalization)
    try values.encode(bounds, forKey: .bounds)
    try values.encode(planes, forKey: .planes)
    try values.encode(temperature, forKey: .temperature)
    try values.encode(precision, forKey: .precision)
    try values.encode(dataSetFingerprint, forKey: .dataSetFingerprint)
    try values.encode(evaluation, forKey: .evaluation)
    try values.encode(provenance, forKey: .provenance)
    try values.encode(weightsSHA256, forKey: .weightsSHA256)
  }

  /// The file's bytes: sorted keys, so that equal manifests are equal files.
  package func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
  }

  /// Reads a file's bytes and judges them: any bytes give a manifest or an error.
  package static func parse(_ bytes: UnsafeRawBufferPointer) throws(BundleError) -> ModelManifest {
    struct Header: Decodable {
      let format_version: Int
    }
    if let problem = JSONDocument.problem(in: bytes) { throw BundleError(.malformed, "model.json: \(problem)") }
    let data = Data(bytes)
    let decoder = JSONDecoder()
    do {
      // The version first: another version may not even have the other fields.
      let version = try decoder.decode(Header.self, from: data).format_version
      guard version == currentFormatVersion else {
        throw BundleError(
          .version, "model.json has format version \(version), this program reads \(currentFormatVersion)")
      }
      let manifest = try decoder.decode(ModelManifest.self, from: data)
      try manifest.validate()
      guard Self.isDigest(manifest.weightsSHA256) else {
        throw BundleError(.malformed, "model.json: weights_sha256 is not 64 lower-case hex digits")
      }
      return manifest
    } catch let error as BundleError {
      throw error
    } catch let error as DecodingError {
      throw BundleError(.malformed, "model.json: \(Self.text(error))")
    } catch {
      throw BundleError(.malformed, "model.json cannot be read")
    }
  }

  private static func text(_ error: DecodingError) -> String {
    let context: DecodingError.Context
    switch error {
    case .keyNotFound(let key, let found):
      return "\(path(found.codingPath + [key])) is missing"
    case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found): context = found
    @unknown default: return "cannot be read"
    }
    let place = path(context.codingPath)
    return place.isEmpty ? "is not of the expected form, or holds a number too large" : "\(place) is not as expected"
  }

  /// Empty for the document itself.
  private static func path(_ keys: [any CodingKey]) -> String {
    keys.isEmpty ? "" : keys.map(\.stringValue).joined(separator: ".").shown
  }
}
