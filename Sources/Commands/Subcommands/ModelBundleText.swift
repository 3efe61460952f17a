import Foundation
import LearningEvents
import Neural
import PlainText
import Recognition
import TextOutput
import Vision

/// What a bundle is, for people. Its name and other texts of the file appear without what could steer a terminal.
struct ModelBundleText {
  private let stored: StoredBundle

  init(_ stored: StoredBundle) { self.stored = stored }

  var text: String {
    let manifest = stored.bundle.manifest
    var rows: [(String, String)] = [
      ("model", manifest.name.printable), ("id", stored.id.text),
      ("trained", manifest.trained ? "yes" : "no: what it answers means nothing"),
      ("labels", labels(manifest)),
      ("network", "\(manifest.network), layout \(manifest.layout.rawValue), width \(manifest.width.rawValue)"),
      ("features", features(manifest)),
      (
        "precision",
        manifest.precision.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      ),
      ("temperature", "\(manifest.temperature)"),
    ]
    if let bounds = manifest.bounds {
      rows.append(
        ("bounds", "CNN \(Self.range(bounds.cnn)), HOG \(Self.range(bounds.hog)), SIFT \(Self.range(bounds.sift))"))
    }
    if let planes = manifest.planes {
      let texts = zip(["CNN", "HOG", "SIFT"], planes).map { "\($0) \($1.mean) ± \($1.deviation)" }
      rows.append(("planes", texts.joined(separator: ", ")))
    }
    rows.append(("data set", manifest.dataSetFingerprint.map(\.printable) ?? "none"))
    rows.append(("evaluation", evaluation(manifest.evaluation)))
    for source in manifest.provenance?.sources ?? [] {
      let types = source.elementTypes.joined(separator: ", ")
      rows.append(
        (
          "from", "\(source.network), \(source.names) names, \(types), SHA-256 \(source.fileSHA256)".printable
        ))
    }
    if let seed = manifest.provenance?.seed { rows.append(("seed", "\(seed), of all that came from no file")) }
    let text = rows.map { "\($0.padded(to: 13))\($1)\n" }.joined()
    return text + (manifest.evaluation.map { "\n" + confusion($0) } ?? "")
  }

  private func features(_ manifest: ModelManifest) -> String {
    guard let network = manifest.featureNetwork, let hog = manifest.hogNormalization else {
      return "none: it reads the picture, version \(manifest.featuresVersion)"
    }
    return "\(network), HOG by \(hog.rawValue), SIFT; version \(manifest.featuresVersion)"
  }

  private func evaluation(_ evaluation: ModelEvaluation?) -> String {
    guard let evaluation else { return "none" }
    return String(format: "%.2f %% of %d pictures right", evaluation.accuracy * 100, evaluation.samples)
  }

  private func labels(_ manifest: ModelManifest) -> String {
    let labels = manifest.labels.map(\.printable).joined(separator: ", ")
    return manifest.isOfLearningEmotions ? labels : "\(manifest.labelSet.name), for research alone: \(labels)"
  }

  private func confusion(_ evaluation: ModelEvaluation) -> String {
    let labels = stored.bundle.manifest.labels.map(\.printable)
    let rows = zip(labels, evaluation.confusionMatrix).map { label, counts in [label] + counts.map(String.init) }
    return TextTable(["true \\ predicted"] + labels, leading: 1).text(rows)
  }

  private static func range(_ bounds: FeatureBounds) -> String { "\(bounds.minimum)…\(bounds.maximum)" }
}
