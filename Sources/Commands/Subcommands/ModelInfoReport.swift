import Neural
import PlainText
import Recognition
import Tensors
import TextOutput
import Training

/// What `lectern model info` prints.
struct ModelInfoReport {
  /// One network and its costs.
  struct Part {
    let network: Network
    let costs: [LayerCost]
    let groups: [LayerCostGroup]

    init(_ network: Network) throws {
      self.network = network
      costs = try network.costs()
      groups = try network.costGroups()
    }
  }

  let bundle: StoredBundle?
  let width: Width
  /// In the order data passes them.
  let parts: [Part]
  /// nil where Table 7 has no such network.
  let comparison: PaperCostComparison?

  init(of stored: StoredBundle) throws {
    let manifest = stored.bundle.manifest
    bundle = stored
    width = manifest.width
    parts = try [manifest.makeFeatureNetwork(), manifest.makeNetwork()].compactMap { try $0.map(Part.init) }
    comparison = manifest.layout == .grid ? nil : try PaperCostComparison()
  }

  init(network: NetworkChoice, layout: ModelManifest.LayoutKind, width: Width) throws {
    bundle = nil
    self.width = width
    switch network.attention {
    case nil:
      parts = [try Part(.vgg16Features(width: width))]
      comparison = nil
    case let attention? where layout == .grid:
      parts = [try Part(.residualGrid(attention: attention, width: width))]
      comparison = nil
    case let attention?:
      parts = [try Part(.residual18(attention: attention, width: width))]
      comparison = try PaperCostComparison()
    }
  }

  func text(everyLayer: Bool) -> String {
    var sections: [String] = []
    if let bundle { sections.append(ModelBundleText(bundle).text) }
    sections += parts.map { table($0, everyLayer: everyLayer) }
    if parts.count > 1 {
      let sums = (parts.reduce(0) { $0 + $1.costs.parameters }, parts.reduce(0) { $0 + $1.costs.multiplyAdds })
      sections.append("both together: \(sums.0.grouped()) parameters, \(sums.1.grouped()) multiply-adds\n")
    }
    if let comparison {
      let table = TextTable(comparison.columns, leading: 1).text(comparison.rows)
      sections.append(
        "Beside Table 7 of Sun, Liu and Qian (2024): billions for one 224×224 picture at full width\n\(table)"
          + "* prints as Table 7's number\n\n"
          + comparison.remarks.map { $0.wrapped().joined(separator: "\n") + "\n" }.joined(separator: "\n"))
    } else {
      sections.append("Table 7 of the paper has no figure for this network.\n")
    }
    return sections.joined(separator: "\n")
  }

  private func table(_ part: Part, everyLayer: Bool) -> String {
    let input = part.network.inputShape
    let heading = "\(part.network.name), width \(width.rawValue), input \(input)\n"
    let rows =
      everyLayer
      ? part.costs.map { Self.row($0.name, $0.kind, $0.output, $0.parameters, $0.multiplyAdds) }
      : part.groups.map { Self.row($0.name, $0.kind, $0.output, $0.layers.parameters, $0.layers.multiplyAdds) }
    let total = ["total", "", "", part.costs.parameters.grouped(), part.costs.multiplyAdds.grouped()]
    return heading
      + TextTable(["layer", "what it does", "output", "parameters", "multiply-adds"], leading: 3).text(rows + [total])
  }

  private static func row(_ name: String, _ kind: String, _ output: Shape, _ parameters: Int, _ adds: Int) -> [String] {
    [name, kind, "\(Shape(Array(output.dimensions.dropFirst())))", parameters.grouped(), adds.grouped()]
  }
}
