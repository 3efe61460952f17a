/// Places buffers with known lifetimes into one block of memory, so that values which never live together share it.
package struct Arena {
  /// A buffer and the steps during which it holds something.
  package struct Buffer: Equatable {
    package var byteCount: Int
    package var first: Int
    package var last: Int
  }

  package private(set) var buffers: [Buffer] = []

  package init() {}

  /// A new buffer written at `step` first; returns its number.
  package mutating func add(byteCount: Int, at step: Int) -> Int {
    buffers.append(Buffer(byteCount: byteCount, first: step, last: step))
    return buffers.count - 1
  }

  /// Keeps a buffer alive through `step`.
  package mutating func extend(_ buffer: Int, through step: Int) {
    buffers[buffer].last = max(buffers[buffer].last, step)
  }

  /// Each buffer's offset, 64-byte aligned, and the size of the whole. Largest first, each at the lowest place that is
  /// free during its life: within a few per cent of the best for chains like ours.
  package func layout() -> (offsets: [Int], byteCount: Int) {
    var offsets = Array(repeating: 0, count: buffers.count)
    var placed: [Int] = []
    var total = 0
    for index in buffers.indices.sorted(by: { buffers[$0].byteCount > buffers[$1].byteCount }) {
      let buffer = buffers[index]
      let neighbours =
        placed
        .filter { buffers[$0].first <= buffer.last && buffer.first <= buffers[$0].last }
        .sorted { offsets[$0] < offsets[$1] }
      var offset = 0
      for other in neighbours {
        if offset + buffer.byteCount <= offsets[other] { break }
        offset = max(offset, Self.aligned(offsets[other] + buffers[other].byteCount))
      }
      offsets[index] = offset
      placed.append(index)
      total = max(total, offset + buffer.byteCount)
    }
    return (offsets, Self.aligned(total))
  }

  private static func aligned(_ bytes: Int) -> Int { (bytes + 63) & ~63 }
}

/// An arena in memory: where each of its buffers begins.
struct ArenaMemory {
  let buffer: AlignedBuffer
  private let offsets: [Int]

  init(_ arena: Arena) {
    let layout = arena.layout()
    buffer = AlignedBuffer(byteCount: layout.byteCount)
    offsets = layout.offsets
  }

  subscript(index: Int) -> UnsafeMutableRawPointer { buffer.base + offsets[index] }
}
