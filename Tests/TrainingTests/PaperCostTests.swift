import Foundation
import Neural
import Tensors
import Testing
import Training

/// What the comparison with the paper's Table 7 rests on, against two counters of others; see
/// `Tests/NeuralTests/Goldens/make_counts.py`.
@Suite struct PaperCostTests {
  private struct Total: Decodable {
    let parameters, thop, ptflops: Int

    static func load() throws -> [String: Total] {
      struct File: Decodable { let totals: [String: Total] }
      let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      let file = tests.appending(path: "NeuralTests/Goldens/counts.json")
      return try JSONDecoder().decode(File.self, from: Data(contentsOf: file)).totals
    }
  }

  /// What each tool adds to the multiply-adds, from its source: thop four operations for an element of a batch norm and
  /// one for each addition and division of the mean; ptflops two for a batch norm, the linear bias, and activations and
  /// pooling twice (by module and by function), max pooling by its input.
  @Test(arguments: [6, 1000])
  func `elementwise work explains the totals of two counters`(classes: Int) throws {
    let total = try #require(try Total.load()["resnet18 with \(classes) classes"])
    let costs = try Network.resnet18(classes: classes).costs()
    let other = try Network.resnet18(classes: classes).elementwiseOperations()
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
