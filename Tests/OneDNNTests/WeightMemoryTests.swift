import Neural
import OneDNN
import Synchronization
import Tensors
import Testing

/// Who holds weights, and for how long: once as the bytes they were read as, while networks are compiled, and once
/// packed.
@Suite struct WeightMemoryTests {
  /// Stands in for a bundle's file in memory.
  private final class FileBytes: Sendable {
    private let isFreed: Flag
    let count: Int
    nonisolated(unsafe) let base: UnsafeMutablePointer<Float>

    init(_ weights: Weights, isFreed: Flag) {
      self.isFreed = isFreed
      count = weights.values.reduce(0) { $0 + $1.count }
      base = .allocate(capacity: count)
    }

    deinit {
      base.deallocate()
      isFreed.set()
    }
  }

  private final class Flag: Sendable {
    private let state = Mutex(false)
    var isSet: Bool { state.withLock { $0 } }
    func set() { state.withLock { $0 = true } }
  }

  static let network = Network.drsn18(width: .quarter).resized(height: 32, width: 32)

  /// The weights as tensors over one block of memory, like those of a file.
  private static func borrowed(isFreed: Flag) -> Weights {
    let weights = Weights.seeded(for: network, seed: 1, .varied)
    let bytes = FileBytes(weights, isFreed: isFreed)
    var result: Weights = [:]
    var place = bytes.base
    for (name, tensor) in weights {
      tensor.withUnsafeBufferPointer { place.update(from: $0.baseAddress!, count: $0.count) }
      result[name] = Tensor(borrowing: place, tensor.shape, owner: bytes)
      place += tensor.count
    }
    return result
  }

  private static func compiled(
    on streams: [ComputeStream], isFreed: Flag
  ) async throws -> (networks: [CompiledNetwork], packedByteCount: Int, weightByteCount: Int) {
    let weights = borrowed(isFreed: isFreed)
    let prepared = try PreparedNetwork(network, weights: weights)
    var networks: [CompiledNetwork] = []
    for stream in streams { networks.append(try await stream.compile(prepared, batch: 1)) }
    #expect(!isFreed.isSet)
    let convolutions = weights.values.filter { $0.shape.rank == 4 }.reduce(0) { $0 + $1.count }
    return (networks, prepared.packedByteCount, convolutions * 4)
  }

  @Test func `a file's bytes are let go once every stream has compiled, and streams share what they packed`()
    async throws
  {
    let isFreed = Flag()
    let streams = (0..<3).map { ComputeStream(name: "memory-\($0)") }
    let (networks, packed, plain) = try await Self.compiled(on: streams, isFreed: isFreed)
    #expect(isFreed.isSet)
    // Once for all streams; padding and alignment of small layers add a little.
    #expect(packed >= plain && Double(packed) < 1.05 * Double(plain))
    // What was packed does not need them.
    let input = Tensor<Float>(repeating: 0.5, [1, 3, 32, 32])
    let first = try await streams[0].run(networks[0], input)
    #expect(try await streams[2].run(networks[2], input) == first && first.elements.allSatisfy { $0.isFinite })
  }
}
