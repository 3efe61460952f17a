import Foundation
import LearningEvents
import PlainText
import Recognition
import Vision

/// The lines of `lectern classify`: fixed columns, the file last, so that lines can be printed as answers come.
struct ClassifyTable {
  /// `untrained`, or the first digits of the model's id.
  let model: String

  /// Without what could steer a terminal.
  private let labels: [String]

  init(_ inspector: Inspector) {
    model = inspector.model.trained ? String(inspector.modelID.text.prefix(9)) : "untrained"
    labels = inspector.model.labels.map(\.printable)
  }

  /// The width of each label's number.
  private var widths: [Int] { labels.map { max(5, $0.count) } }

  var heading: String {
    line(
      "label", zip(labels, widths).map { $0.paddedLeft(to: $1) }, quality: "quality", face: "face", seen: "seen",
      from: "from", model: "model", "file")
  }

  func row(_ picture: InspectedPicture) -> String {
    let face = picture.inspection?.face
    let shares = widths.indices.map { place in
      (picture.said.map { Self.percent($0.shares[place]) } ?? "-").paddedLeft(to: widths[place])
    }
    let name = picture.path.printable + (picture.problem.map { ": \($0.printable)" } ?? "")
    return line(
      (picture.said?.label).map { labels[$0] } ?? picture.status.name, shares,
      quality: face.map { Self.share($0.quality.score) } ?? "-",
      face: face.map { "\($0.box.width)x\($0.box.height)+\($0.box.x)+\($0.box.y)" } ?? "-",
      seen: face.map { "\($0.count)" } ?? (picture.status == .sample(.noFace) ? "0" : "-"),
      from: face?.origin.rawValue ?? "-",
      model: picture.said == nil ? "-" : model, name)
  }

  private func line(
    _ label: String, _ shares: [String], quality: String, face: String, seen: String, from: String, model: String,
    _ file: String
  ) -> String {
    let cells =
      [label.padded(to: 11)] + shares + [
        quality.paddedLeft(to: 7), face.padded(to: 19), seen.paddedLeft(to: 4), from.padded(to: 7), model.padded(to: 9),
        file,
      ]
    return cells.joined(separator: "  ") + "\n"
  }

  /// The lines below a picture's own with `--explain`.
  static func lines(_ explanation: Explanation, of inspector: Inspector) -> [String] {
    let labels = inspector.model.labels.map(\.printable)
    let label = labels[explanation.label]
    var lines = explanation.drops.map { drop in
      let now = percent(drop.probabilities[explanation.label])
      let change = String(format: "%+.1f", drop.change * 100)
      let instead = drop.label == explanation.label ? "" : ", \(labels[drop.label]) instead"
      return "without \(drop.family.rawValue.uppercased().padded(to: 5)) \(label) \(now) % (\(change))\(instead)"
    }
    if explanation.drops.isEmpty {
      lines.append("families      n/a: layout \(inspector.model.layout.rawValue) reads the picture itself")
    } else {
      lines.append("carried by    \(explanation.carrier?.rawValue.uppercased() ?? "no family alone")")
    }
    let thresholds = explanation.thresholds.map { "\($0.stage) \(String(format: "%.4f", $0.mean))" }
    let text =
      thresholds.isEmpty ? "n/a: \(inspector.model.network) has no shrinkage" : thresholds.joined(separator: "  ")
    return lines + ["thresholds    \(text)"]
  }

  /// A share as percent with one decimal, no sign. Rounded as the overlay does, halves up, so that table and picture
  /// agree.
  static func percent(_ share: Double) -> String { String(format: "%.1f", (share * 1000).rounded() / 10) }
  /// Ten-thousandths as a share with two decimals.
  static func share(_ tenThousandths: Int16) -> String { String(format: "%.2f", Double(tenThousandths) / 10_000) }
}
