import Foundation
import Neural
import Tensors
import Testing

/// Counts of parameters and multiply-adds against PyTorch, torchvision and two counters of others; see
/// `Goldens/make_counts.py`.
@Suite struct LayerCostTests {
  struct Counts: Decodable {
    struct Layer: Decodable {
      let parameters, multiply_adds: Int
      let output: [Int]
    }
    struct Total: Decodable {
      let parameters, thop, ptflops: Int
    }
    let layers: [String: [String: Layer]]
    let totals: [String: Total]

    static func load() throws -> Counts {
      let folder = URL(filePath: #filePath).deletingLastPathComponent()
      return try JSONDecoder().decode(
        Counts.self, from: Data(contentsOf: folder.appending(path: "Goldens/counts.json")))
    }
  }

  @Test(arguments: [Network.vgg16Features(), .resnet18(), .resnet18SE(), .drsn18()])
  func `every layer costs what PyTorch and its counters say`(network: Network) throws {
    let expected = try #require(try Counts.load().layers[network.name])
    var seen: Set<String> = []
    for cost in try network.costs() {
      // An attention block is one node here and several modules there.
      let modules = expected.filter { $0.key == cost.name || $0.key.hasPrefix("\(cost.name).") }
      seen.formUnion(modules.keys)
      #expect(cost.parameters == modules.values.reduce(0) { $0 + $1.parameters }, "\(cost.name)")
      #expect(cost.multiplyAdds == modules.values.reduce(0) { $0 + $1.multiply_adds }, "\(cost.name)")
      if let module = modules[cost.name] { #expect(cost.output.dimensions == module.output, "\(cost.name)") }
    }
    #expect(seen == Set(expected.keys))
  }

  @Test func `totals are torchvision's`() throws {
    #expect(try Network.vgg16Features().costs().parameters == 14_714_688)
    #expect(try Network.resnet18().costs().parameters == 11_179_590)
    #expect(try Network.resnet18(classes: 1000).costs().parameters == 11_689_512)
    #expect(try Network.resnet18(classes: 1000).costs().multiplyAdds == 1_814_073_344)
  }

  /// What each tool adds to the multiply-adds, from its source: thop four operations for an element of a batch norm and
  /// one for each addition and division of the mean; ptflops two for a batch norm, the linear bias, and activations and
  /// pooling twice (by module and by function), max pooling by its input.
  @Test(arguments: [6, 1000])
  func `elementwise work explains the totals of two counters`(classes: Int) throws {
    let total = try #require(try Counts.load().totals["resnet18 with \(classes) classes"])
    let costs = try Network.resnet18(classes: classes).costs()
    let other = costs.elementwise
    #expect(total.parameters == costs.parameters)
    #expect(total.thop == costs.multiplyAdds + 4 * other.normalized + other.averaged + 512)
    let pooled = 64 * 112 * 112 + other.averaged
    #expect(
      total.ptflops == costs.multiplyAdds + 2 * other.normalized + 2 * (other.activated + pooled) + other.biases)
  }

  @Test func `attention adds what its definition says`() throws {
    let comparison = try PaperCostComparison()
    // Two C×C/16 or C×C layers in two blocks each of 64, 128, 256 and 512 channels.
    #expect(comparison.added(.multiplyAdds, by: .squeezeExcite) == 87_040)
    #expect(comparison.added(.multiplyAdds, by: .shrinkage) == 1_392_640)
    // Elements that pass the blocks' attention.
    let elements = 2 * (64 * 56 * 56 + 128 * 28 * 28 + 256 * 14 * 14 + 512 * 7 * 7)
    let channels = 2 * (64 + 128 + 256 + 512)
    #expect(
      comparison.added(.everyOperation, by: .squeezeExcite)
        == 87_040 + 2 * elements + 2 * channels + 2 * channels / 16)
    #expect(
      comparison.added(.everyOperation, by: .shrinkage)
        == 1_392_640 + 5 * elements + (2 + 2 + 2 + 1) * channels)
  }

  /// What `lectern model info` says about Table 7 must follow from these.
  @Test func `no count of the plain modules reaches Table 7's additions`() throws {
    let comparison = try PaperCostComparison()
    #expect(comparison.closest == .unfoldedNorms)
    #expect(comparison.agrees(.unfoldedNorms, .none))
    #expect(!comparison.agrees(.multiplyAdds, .none) && !comparison.agrees(.thousandClasses, .none))
    for convention in CountingConvention.allCases {
      for attention in [Attention.squeezeExcite, .shrinkage] {
        let added = Double(comparison.added(convention, by: attention))
        #expect(added < comparison.leastPublishedAddition(by: attention), "\(convention) \(attention)")
      }
    }
    // C·C/16 and C·C products at each of H·W positions, C²·H·W being the same in all stages.
    let products = 64 * 64 * 56 * 56
    #expect(try comparison.addedAtEveryPosition(by: .squeezeExcite) == 8 * 2 * products / 16)
    #expect(try comparison.addedAtEveryPosition(by: .shrinkage) == 8 * 2 * products)
    #expect(try comparison.addedAtEveryPosition(by: .none) == 0)
  }

  @Test(arguments: [
    Network.vgg16Features(), .drsn18(), .residualGrid(attention: .shrinkage), .resnet18(width: .quarter),
  ])
  func `groups hold every layer once, in order`(network: Network) throws {
    let groups = try network.costGroups()
    #expect(try groups.flatMap(\.layers) == network.costs())
    #expect(Set(groups.map(\.name)).count == groups.count)
  }

  @Test func `groups are the blocks a reader knows`() throws {
    let groups = try Network.drsn18().costGroups()
    #expect(
      groups.map(\.name) == [
        "conv1–maxpool", "layer1.0", "layer1.1", "layer2.0", "layer2.1", "layer3.0", "layer3.1", "layer4.0", "layer4.1",
        "avgpool", "fc",
      ])
    #expect(groups[3].kind == "3×3 /2, 3×3, shrinkage, shortcut 1×1 /2")
    #expect(groups[0].kind == "7×7 /2, max pool 3×3 /2" && groups[0].output == [1, 64, 56, 56])
    let vgg = try Network.vgg16Features().costGroups()
    #expect(vgg.map(\.name) == ["features.0–4", "features.5–9", "features.10–16", "features.17–23", "features.24–30"])
    #expect(vgg[4].kind == "3×3, 3×3, 3×3, max pool 2×2 /2")
  }
}
