import Neural
import OneDNN
import Testing

@Suite struct PlanningTests {
  @Test func `networks fuse down to their convolutions, pools and attention sweeps`() {
    #expect(Network.vgg16Features().lowered().count == 13 + 5)
    // 20 convolutions with norm, addition and ReLU inside, two pools, one linear layer.
    #expect(Network.resnet18().lowered().count == 20 + 2 + 1)
    #expect(Network.drsn18().lowered().count == 20 + 8 + 2 + 1)
    let combined = Network.drsn18().lowered().filter {
      if case .combine = $0.kind { true } else { false }
    }
    #expect(combined.count == 8 && combined.allSatisfy { $0.residual != nil && $0.hasRelu })
  }

  @Test func `a tapped stage is not fused away`() throws {
    let network = Network.resnet18()
    let tap = try #require(network.index(ofNode: "layer1.0.bn2"))
    let operations = network.lowered(taps: [tap])
    #expect(operations.contains { $0.output == tap && !$0.hasRelu && $0.residual == nil })
    #expect(operations.count == 24)
  }

  @Test func `every operation stands after what it reads`() {
    for network in [Network.resnet18(), .resnet18SE(), .drsn18(width: .quarter)] {
      var computed: Set<Network.Value> = [.input]
      for operation in network.lowered() {
        #expect(computed.contains(operation.input))
        #expect(operation.residual.map(computed.contains) ?? true)
        computed.insert(.node(operation.output))
      }
      #expect(computed.contains(network.output))
    }
  }

  @Test func `buffers that live together never overlap, and those that do not share`() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<50 {
      var arena = Arena()
      for step in 0..<40 {
        let buffer = arena.add(byteCount: .random(in: 1...5000, using: &random), at: step)
        arena.extend(buffer, through: step + .random(in: 0...6, using: &random))
      }
      let layout = arena.layout()
      for a in arena.buffers.indices {
        #expect(layout.offsets[a] % 64 == 0)
        #expect(layout.offsets[a] + arena.buffers[a].byteCount <= layout.byteCount)
        for b in 0..<a where arena.buffers[a].first <= arena.buffers[b].last {
          guard arena.buffers[b].first <= arena.buffers[a].last else { continue }
          let isApart =
            layout.offsets[a] + arena.buffers[a].byteCount <= layout.offsets[b]
            || layout.offsets[b] + arena.buffers[b].byteCount <= layout.offsets[a]
          #expect(isApart, "buffers \(a) and \(b)")
        }
      }
      #expect(layout.byteCount < arena.buffers.reduce(0) { $0 + $1.byteCount } / 2)
    }
  }
}
