import Neural
import PlainText
import Recognition
import Tensors
import TextOutput
import Training

/// What `lectern model import` says when it is done.
struct ModelImportReport {
  private let result: PretrainedImport.Result
  private let stored: StoredBundle
  private let seed: Int

  init(_ result: PretrainedImport.Result, stored: StoredBundle, seed: Int) {
    (self.result, self.stored, self.seed) = (result, stored, seed)
  }

  var text: String {
    let manifest = stored.bundle.manifest
    var lines = [
      "wrote \(stored.folder)",
      "  model \(stored.id)",
      "  \(manifest.network), layout \(manifest.layout.rawValue), six labels",
    ]
    for file in result.files { lines += description(of: file) }
    lines.append("new, drawn from seed \(seed): weights normal by their inputs (He), biases 0, thresholds' bias -2")
    for node in Self.grouped(result.new) { lines.append("  \(node.name): \(node.parameters)") }
    lines.append(measured(manifest))
    lines.append("")
    lines.append("NOTE: this model is not trained. It must be trained before its numbers mean anything.")
    return lines.map { $0.wrapped(indent: 4).joined(separator: "\n") }.joined(separator: "\n") + "\n"
  }

  private func description(of file: PretrainedFile) -> [String] {
    let match = file.match
    let numbers = match.used.reduce(0) { $0 + $1.entry.shape.count }
    var lines = [
      "\(match.network.rawValue), \(file.byteCount.grouped()) bytes, SHA-256 \(file.sha256)",
      "  took \(match.used.count) tensors, \(numbers.grouped()) numbers; names of \(match.scheme.rawValue), "
        + file.elementTypes.joined(separator: ", "),
    ]
    for reason in [PretrainedMatch.LeftOut.Reason.classifier, .counter] {
      let entries = match.leftOut.filter { $0.reason == reason }.map(\.entry)
      guard !entries.isEmpty else { continue }
      let names =
        reason == .counter
        ? "\(entries.count) num_batches_tracked"
        : entries.map { "\($0.name) \($0.shape)" }.joined(separator: ", ")
      lines.append("  left out, \(reason.rawValue): \(names)")
    }
    return lines
  }

  private func measured(_ manifest: ModelManifest) -> String {
    var parts: [String] = []
    if manifest.bounds != nil { parts.append("feature bounds") }
    if manifest.planes != nil { parts.append("planes") }
    let norms = Set(result.new.filter { $0.parameter.role == .runningMean }.map(\.parameter.name)).count
    if norms > 0 { parts.append("the statistics of \(norms) new batch norms") }
    guard !parts.isEmpty else { return "nothing had to be measured" }
    return "measured on drawn faces: \(parts.joined(separator: ", ")); imported statistics are kept"
  }

  /// One line a layer: `layer1.0.shrink  fc1.weight [64, 64], fc1.bias [64], …`.
  private static func grouped(_ new: [PretrainedWeights.New]) -> [(name: String, parameters: String)] {
    var groups: [(name: String, parts: [String])] = []
    for parameter in new.map(\.parameter) {
      let parts = parameter.name.split(separator: ".").map(String.init)
      // `layer1.0.shrink` of a block's attention, else the layer itself.
      let head = parts.prefix(parts[0].hasPrefix("layer") ? 3 : 1).joined(separator: ".")
      let rest = "\(parts.dropFirst(parts[0].hasPrefix("layer") ? 3 : 1).joined(separator: ".")) \(parameter.shape)"
      if groups.last?.name == head {
        groups[groups.count - 1].parts.append(rest)
      } else {
        groups.append((head, [rest]))
      }
    }
    return groups.map { ($0.name, $0.parts.joined(separator: ", ")) }
  }
}

extension ModelImportReport: Encodable {
  private enum CodingKeys: String, CodingKey { case folder, id, manifest, files, new }

  private struct TensorLine: Encodable {
    let name: String
    let shape: [Int]
    let reason: String
  }

  private struct FileLine: Encodable {
    let network, sha256, names: String
    let bytes, tensors_taken: Int
    let element_types: [String]
    let left_out: [TensorLine]
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(stored.folder, forKey: .folder)
    try values.encode(stored.id, forKey: .id)
    try values.encode(stored.bundle.manifest, forKey: .manifest)
    try values.encode(
      result.files.map { file in
        FileLine(
          network: file.match.network.rawValue, sha256: file.sha256, names: file.match.scheme.rawValue,
          bytes: file.byteCount, tensors_taken: file.match.used.count, element_types: file.elementTypes,
          left_out: file.match.leftOut.map {
            TensorLine(name: $0.entry.name, shape: $0.entry.shape.dimensions, reason: $0.reason.rawValue)
          })
      }, forKey: .files)
    try values.encode(
      result.new.map {
        TensorLine(name: $0.parameter.name, shape: $0.parameter.shape.dimensions, reason: $0.start)
      }, forKey: .new)
  }
}
