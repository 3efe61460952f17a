internal import COneDNN
internal import Tensors

/// The shape and physical layout of fp32 numbers in memory.
///
/// oneDNN picks layouts itself (on AVX2 blocks of eight channels, `nChw8c`); everything that touches its buffers asks
/// the descriptor instead of assuming one.
struct MemoryDescriptor {
  /// oneDNN's plain C struct, passed by pointer to its calls.
  var raw: dnnl_memory_desc_t

  init(_ raw: dnnl_memory_desc_t) { self.raw = raw }

  /// `shape` in a named format; `dnnl_format_tag_any` lets a primitive choose.
  init(_ shape: Shape, _ tag: dnnl_format_tag_t) throws(OneDNNError) {
    var raw = dnnl_memory_desc_t()
    let dimensions = shape.dimensions.map(Int64.init)
    try check(
      dnnl_memory_desc_init_by_tag(&raw, Int32(shape.rank), dimensions, dnnl_f32, tag), "describing memory of \(shape)")
    self.raw = raw
  }

  /// `shape` row-major, without gaps.
  static func plain(_ shape: Shape) throws(OneDNNError) -> MemoryDescriptor {
    let tag: dnnl_format_tag_t? =
      switch shape.rank {
      case 1: dnnl_a
      case 2: dnnl_ab
      case 4: dnnl_abcd
      default: nil
      }
    guard let tag else { throw OneDNNError(.invalidNetwork, "a tensor of \(shape.rank) axes has no plain layout here") }
    return try MemoryDescriptor(shape, tag)
  }

  /// `shape` in whatever layout the primitive likes best.
  static func any(_ shape: Shape) throws(OneDNNError) -> MemoryDescriptor {
    try MemoryDescriptor(shape, dnnl_format_tag_any)
  }

  var shape: Shape { Shape(Self.array(raw.dims, Int(raw.ndims))) }

  /// The bytes a buffer of this layout needs, padding included.
  var byteCount: Int { withUnsafePointer(to: raw) { dnnl_memory_desc_get_size($0) } }

  func isSame(as other: MemoryDescriptor) -> Bool {
    withUnsafePointer(to: raw) { left in
      withUnsafePointer(to: other.raw) { right in dnnl_memory_desc_equal(left, right) != 0 }
    }
  }

  /// This layout as blocks of channels, nil where it is none of those our own kernels know.
  var channelLayout: ChannelLayout? {
    guard raw.format_kind == dnnl_blocked, raw.data_type == dnnl_f32, raw.offset0 == 0 else { return nil }
    let dims = Self.array(raw.dims, Int(raw.ndims))
    guard Self.array(raw.padded_dims, Int(raw.ndims)) == dims else { return nil }
    let blocking = raw.format_desc.blocking
    let strides = Self.array(blocking.strides, Int(raw.ndims))
    switch (dims.count, blocking.inner_nblks) {
    case (2, 0) where strides == [dims[1], 1]:
      return ChannelLayout(samples: dims[0], groups: dims[1], positions: 1, block: 1)
    case (4, 0):
      let positions = dims[2] * dims[3]
      if strides == [dims[1] * positions, positions, dims[3], 1] {
        return ChannelLayout(samples: dims[0], groups: dims[1], positions: positions, block: 1)
      }
      if strides == [dims[1] * positions, 1, dims[3] * dims[1], dims[1]] {
        return ChannelLayout(samples: dims[0], groups: 1, positions: positions, block: dims[1])
      }
      return nil
    case (4, 1) where blocking.inner_idxs.0 == 1:
      let block = Int(blocking.inner_blks.0)
      let positions = dims[2] * dims[3]
      guard strides == [dims[1] * positions, positions * block, dims[3] * block, block] else { return nil }
      return ChannelLayout(samples: dims[0], groups: dims[1] / block, positions: positions, block: block)
    default:
      return nil
    }
  }

  /// The first `count` members of one of oneDNN's twelve-member arrays, which Swift imports as tuples.
  private static func array(_ dims: dnnl_dims_t, _ count: Int) -> [Int] {
    withUnsafeBytes(of: dims) { $0.bindMemory(to: Int64.self).prefix(count).map(Int.init) }
  }
}

/// Where the channels of a dense tensor lie: element (n, g·block + b, p) at ((n·groups + g)·positions + p)·block + b,
/// with p the position y·W + x. Block 1 is `[N, C, H, W]`, one group of C is `[N, H, W, C]`, block 8 or 16 is oneDNN's.
struct ChannelLayout: Equatable {
  let samples: Int
  let groups: Int
  let positions: Int
  let block: Int

  var channels: Int { groups * block }
  var count: Int { samples * groups * positions * block }
}
