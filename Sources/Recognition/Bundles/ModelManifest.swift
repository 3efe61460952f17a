package import Neural
package import Vision

/// `model.json`: everything about a model that is not a weight.
///
/// Immutable once written, since its bytes are part of the model's id.
package struct ModelManifest: Sendable, Hashable {
  /// The version of the file format that this program reads and writes.
  package static let currentFormatVersion = 1

  /// A name for people, such as `untrained-2024`.
  package var name: String
  /// False for seeded random weights: then no number of the model means anything, and whoever shows one says so.
  package var trained: Bool
  /// What the classifying network's outputs stand for.
  package var labelSet: LabelSet
  /// `vgg16`; nil where the layout reads no CNN features.
  package var featureNetwork: String?
  /// `resnet18`, `resnet18-se` or `drsn18`: the attention of every residual block. How many blocks stand before them
  /// is the layout's.
  package var network: String
  package var layout: LayoutKind
  /// Of both networks.
  package var width: Width
  /// The preprocessing the bounds and weights belong to, `FaceCrops.version`.
  package var featuresVersion: Int
  /// nil where the layout does not read HOG.
  package var hogNormalization: HistogramOfGradients.Normalization?
  /// nil where the layout reads no features.
  package var bounds: FamilyBounds?
  /// Mean and deviation of each plane, in the order CNN, HOG, SIFT; nil unless the layout is `planes`.
  package var planes: [PlanesLayout.Statistics]?
  /// Divides the logits; from 0.01 to 100.
  package var temperature: Double
  /// The arithmetic of each network, by weight prefix (`vgg16`, `net`); only `fp32` exists so far.
  package var precision: [String: String]
  /// SHA-256 of the training data's list, nil where there was none.
  package var dataSetFingerprint: String?
  /// On the test part; nil for an untrained model.
  package var evaluation: ModelEvaluation?
  /// Where weights come from that were not trained here; nil where there are none.
  package var provenance: ModelProvenance?
  /// SHA-256 of `weights.safetensors`, 64 lower-case hex digits; filled in on saving.
  package var weightsSHA256: String

  /// A model in fp32 of this program's features version.
  ///
  /// - Parameters:
  ///   - labelSet: only a model of the six learning emotions can run in a worker.
  ///   - hogNormalization: ignored where the layout reads no features.
  ///   - bounds: what `planes` and `grid` need and `image` must not have.
  ///   - planes: what `planes` needs and no other layout may have.
  package init(
    name: String, trained: Bool, labelSet: LabelSet = .learningEmotions, network: String = "drsn18",
    layout: LayoutKind = .planes, width: Width = .full, hogNormalization: HistogramOfGradients.Normalization = .max,
    bounds: FamilyBounds? = nil, planes: [PlanesLayout.Statistics]? = nil, temperature: Double = 1,
    dataSetFingerprint: String? = nil,
    evaluation: ModelEvaluation? = nil, provenance: ModelProvenance? = nil
  ) {
    self.name = name
    self.trained = trained
    self.labelSet = labelSet
    featureNetwork = layout.isFused ? "vgg16" : nil
    self.network = network
    self.layout = layout
    self.width = width
    featuresVersion = FaceCrops.version
    self.hogNormalization = layout.isFused ? hogNormalization : nil
    self.bounds = bounds
    self.planes = planes
    self.temperature = temperature
    precision = layout.precision
    self.dataSetFingerprint = dataSetFingerprint
    self.evaluation = evaluation
    self.provenance = provenance
    weightsSHA256 = ""
  }

  package var labels: [String] { labelSet.labels }

  package var isOfLearningEmotions: Bool { labelSet == .learningEmotions }

  /// How the classifying network reads a face.
  package enum LayoutKind: String, Sendable, Hashable, Codable, CaseIterable {
    case image, planes, grid

    /// Whether it reads the fused features F′, rather than the picture.
    package var isFused: Bool { self != .image }

    /// The only arithmetic there is so far, by weight prefix.
    var precision: [String: String] { isFused ? ["vgg16": "fp32", "net": "fp32"] : ["net": "fp32"] }
  }

  /// VGG16's channels at pool5.
  package var cnnChannels: Int { width.channels(512) }

  /// Traps where `bounds` or `planes` are missing though the layout needs them, which no manifest from a file does.
  package func makeLayout() -> any FeatureLayout {
    precondition(!layout.isFused || bounds != nil, "a layout of features has bounds to normalise them by")
    switch layout {
    case .image: return ImageLayout()
    case .planes:
      guard let planes else { preconditionFailure("the layout planes has means and deviations") }
      return PlanesLayout(cnnChannels: cnnChannels, statistics: planes)
    case .grid: return GridLayout(cnnChannels: cnnChannels)
    }
  }

  /// VGG16 up to pool5; nil where the layout reads no CNN features.
  package func makeFeatureNetwork() -> Network? { layout.isFused ? .vgg16Features(width: width) : nil }

  /// The classifying network; nil where this program cannot build what the manifest names.
  package func makeNetwork() -> Network? {
    guard let attention = Attention.allCases.first(where: { $0.networkName == network }) else { return nil }
    switch layout {
    case .image, .planes: return .residual18(attention: attention, width: width, classes: labels.count)
    case .grid: return .residualGrid(attention: attention, width: width, classes: labels.count)
    }
  }
}
