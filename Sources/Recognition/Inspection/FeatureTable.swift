import Neural
import Tensors
import Vision

/// The tensors of `lectern features`, their names and shapes, and what of an inspection goes into each.
///
/// All are F32 `[N, …]`, one row a picture, row-major:
///
/// | name | a row's shape | what |
/// |---|---|---|
/// | `box` | 4 | the face in pixels of the picture: left, top, width, height |
/// | `faces` | – | faces seen |
/// | `quality` | – | score of the face, 0…1 |
/// | `quality.measures` | 4 | longer side (px), sharpness (squared gray levels), mean gray 0…255, clipped share 0…1 |
/// | `crop` | 1, 224, 224 | gray 0…255, whole numbers |
/// | `hog` | 36, 7, 7 | channel 9·(2·cell row + cell column) + bin, before fusion |
/// | `sift` | 128, 7, 7 | OpenCV's descriptors 0…255, a cell without a keypoint 0 |
/// | `cnn` | C, 7, 7 | VGG16's pool5, C = 512·width |
/// | `fused.cnn`, `fused.hog`, `fused.sift` | as above | normalised by the model's bounds to 0…1 |
/// | `net.input` | the layout's | what the classifying network is given |
/// | `logits`, `probabilities` | labels | in the labels' order; probabilities are not rounded |
/// | `vgg16.input` | 3, 224, 224 | with stages: VGG16's input |
/// | `vgg16.features.0` … `.30` | the node's | with stages: torchvision's module numbers; 30 is pool5 |
/// | `net.conv1` … `net.fc` | the node's | with stages: torchvision's names, and a block's `relu1`, `relu2`, `add` |
/// | `net.layerL.B.shrink.threshold`, `net.layerL.B.se.gate` | C | with stages: τ, or the gates |
///
/// `cnn` and `fused.…` are there where the model's layout reads families. A row without the value is not-a-number.
package struct FeatureTable: Sendable {
  package let columns: [RowFile.Column]
  /// What a stream's tapped networks have to tell.
  package let featureTaps: [String]
  package let classifierTaps: [String]

  private static let featurePrefix = "vgg16."
  private static let networkPrefix = "net."

  /// - Parameters:
  ///   - model: one that this program can run.
  ///   - stages: with every stage of both networks.
  package init(model: ModelManifest, stages: Bool) throws {
    let layout = model.makeLayout()
    let classes = model.labels.count
    var columns: [RowFile.Column] = [
      .init("box", [4]), .init("faces", []), .init("quality", []), .init("quality.measures", [4]),
      .init("crop", [1, 224, 224]), .init("hog", [36, 7, 7]), .init("sift", [128, 7, 7]),
    ]
    if layout.families.contains(.cnn) {
      columns.append(.init("cnn", [model.cnnChannels, 7, 7]))
    }
    for family in FeatureFamily.allCases where layout.families.contains(family) {
      let channels =
        switch family {
        case .cnn: model.cnnChannels
        case .hog: 36
        case .sift: 128
        }
      columns.append(.init("fused.\(family.rawValue)", [channels, 7, 7]))
    }
    columns += [
      .init("net.input", layout.shape), .init("logits", [classes]), .init("probabilities", [classes]),
    ]
    var featureTaps: [String] = []
    var classifierTaps: [String] = []
    if stages {
      if let network = model.makeFeatureNetwork() {
        featureTaps = network.nodes.map(\.name)
        columns.append(.init(Self.featurePrefix + Inspector.input, network.inputShape))
        columns += try Self.columns(of: network, prefix: Self.featurePrefix)
      }
      if let network = model.makeNetwork() {
        classifierTaps = Self.taps(of: network)
        columns += try Self.columns(of: network, prefix: Self.networkPrefix)
      }
    }
    self.columns = columns
    self.featureTaps = featureTaps
    self.classifierTaps = classifierTaps
  }

  /// Every node of a network, and what its attention nodes decide.
  private static func taps(of network: Network) -> [String] {
    network.nodes.flatMap { node in [node.name] + (node.decisionName.map { [$0] } ?? []) }
  }

  private static func columns(of network: Network, prefix: String) throws -> [RowFile.Column] {
    try zip(network.nodes, network.shapes(batch: 1)).flatMap { node, shape -> [RowFile.Column] in
      let value = RowFile.Column(prefix + node.name, Shape(Array(shape.dimensions.dropFirst())))
      return [value] + (node.decisionName.map { [.init(prefix + $0, [shape[1]])] } ?? [])
    }
  }

  // MARK: Rows

  /// Writes one picture's row.
  package func write(_ inspection: Inspection, to file: RowFile, row: Int) throws(RowFile.Failure) {
    var missing = Set(columns.map(\.name))
    func put(_ values: [Float], _ column: String) throws(RowFile.Failure) {
      try file.write(values, to: column, row: row)
      missing.remove(column)
    }
    if let face = inspection.face {
      let quality = face.quality
      try put([face.box.x, face.box.y, face.box.width, face.box.height].map(Float.init), "box")
      try put([Float(face.count)], "faces")
      try put([Float(quality.score) / 10_000], "quality")
      try put(
        [Float(quality.sidePixels), quality.sharpness, quality.brightness, quality.clippedShare], "quality.measures")
      try put(face.crops.vgg.pixels.map(Float.init), "crop")
    }
    if let answer = inspection.answer {
      for family in FeatureFamily.allCases {
        if !answer.features[family].isEmpty { try put(answer.features[family], family.rawValue) }
        if let fused = answer.fused { try put(fused[family], "fused.\(family.rawValue)") }
      }
      try put(answer.said.logits, "logits")
      try put(answer.said.probabilities.map { Float($0) }, "probabilities")
      var tensors = [("net.input", answer.input)]
      tensors += answer.featureStages.map { (Self.featurePrefix + $0.key, $0.value) }
      tensors += answer.classifierStages.map { (Self.networkPrefix + $0.key, $0.value) }
      for (name, tensor) in tensors where missing.contains(name) {
        try file.write(tensor, to: name, row: row)
        missing.remove(name)
      }
    }
    try file.writeMissing(missing, row: row)
  }
}
