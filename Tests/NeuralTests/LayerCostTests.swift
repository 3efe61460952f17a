import Foundation
import Neural
import Tensors
import Testing

/// Counts of parameters and multiply-adds against PyTorch and torchvision; see
/// `Goldens/make_counts.py`.
@Suite struct LayerCostTests {
  struct Counts: Decodable {
    struct Layer: Decodable {
      let parameters, multiply_adds: Int
      let output: [Int]
    }
    let layers: [String: [String: Layer]]

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
}
