internal import COneDNN
internal import Tensors

/// The shape, element type and physical layout of numbers in memory.
///
/// oneDNN picks layouts itself (on AVX2 blocks of eight channels, `nChw8c`); everything that touches its buffers asks
/// the descriptor instead of assuming one.
struct MemoryDescriptor: Sendable {
  private let handle: Handle

  /// Owner of oneDNN's descriptor.
  ///
  /// `@unchecked Sendable`: nothing writes a descriptor once it is made, and oneDNN reads it without state of its own.
  private final class Handle: @unchecked Sendable {
    let raw: OpaquePointer
    init(adopting raw: OpaquePointer) { self.raw = raw }
    deinit { lectern_dnnl_layout_destroy(raw) }
  }

  private init(adopting raw: OpaquePointer) { handle = Handle(adopting: raw) }

  /// `shape` in a named format; `dnnl_format_tag_any` lets a primitive choose.
  init(_ shape: Shape, _ type: ElementType, _ tag: dnnl_format_tag_t) throws(OneDNNError) {
    var raw: OpaquePointer?
    let dimensions = shape.dimensions.map(Int64.init)
    try check(
      lectern_dnnl_layout_create(&raw, Int32(shape.rank), dimensions, type.code, tag), "describing memory of \(shape)")
    guard let raw else { throw OneDNNError(.failed, "describing memory of \(shape) gave nothing") }
    self.init(adopting: raw)
  }

  /// `shape` row-major, without gaps.
  static func plain(_ shape: Shape, _ type: ElementType = .float32) throws(OneDNNError) -> MemoryDescriptor {
    let tag: dnnl_format_tag_t? =
      switch shape.rank {
      case 1: dnnl_a
      case 2: dnnl_ab
      case 4: dnnl_abcd
      default: nil
      }
    guard let tag else { throw OneDNNError(.invalidNetwork, "a tensor of \(shape.rank) axes has no plain layout here") }
    return try MemoryDescriptor(shape, type, tag)
  }

  /// `shape` in whatever layout the primitive likes best.
  static func any(_ shape: Shape, _ type: ElementType = .float32) throws(OneDNNError) -> MemoryDescriptor {
    try MemoryDescriptor(shape, type, dnnl_format_tag_any)
  }

  /// The layout that an implementation wants for one of its arguments, nil where it has no such argument.
  static func wanted(
    by implementation: dnnl_primitive_desc_t, for argument: dnnl_query_t
  ) throws(OneDNNError) -> MemoryDescriptor? {
    var raw: OpaquePointer?
    try check(lectern_dnnl_layout_wanted(&raw, implementation, argument), "asking an implementation for a layout")
    return raw.map(MemoryDescriptor.init(adopting:))
  }

  /// Calls `body` with oneDNN's own descriptor, which only lives until it returns.
  func withRaw<Result>(_ body: (OpaquePointer) -> Result) -> Result {
    withExtendedLifetime(handle) { body(handle.raw) }
  }

  /// As above with several at once, nil for those that are nil.
  static func withRaw<Result>(of all: [MemoryDescriptor?], _ body: ([OpaquePointer?]) -> Result) -> Result {
    withExtendedLifetime(all) { body(all.map { $0?.handle.raw }) }
  }

  private var description: lectern_dnnl_description { withRaw { lectern_dnnl_describe($0) } }

  var shape: Shape {
    let description = description
    return Shape(Self.array(description.dims, Int(description.axes)))
  }

  /// The elements' type, nil where it is none of ours.
  var type: ElementType? { ElementType(description.type) }

  /// The bytes a buffer of this layout needs, padding included.
  var byteCount: Int { withRaw { lectern_dnnl_layout_size($0) } }

  /// How many elements lie there, padding included.
  var count: Int { type.map { byteCount / $0.width } ?? 0 }

  func isSame(as other: MemoryDescriptor) -> Bool {
    withRaw { left in other.withRaw { lectern_dnnl_layout_equal(left, $0) != 0 } }
  }

  /// This layout as blocks of channels, nil where it is none of those our own kernels know: they work on fp32.
  var channelLayout: ChannelLayout? {
    let description = description
    guard description.is_blocked != 0, ElementType(description.type) == .float32, description.offset == 0 else {
      return nil
    }
    let dims = Self.array(description.dims, Int(description.axes))
    guard Self.array(description.padded_dims, dims.count) == dims else { return nil }
    let strides = Self.array(description.strides, dims.count)
    switch (dims.count, description.inner_count) {
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
    case (4, 1) where description.inner_axes.0 == 1:
      let block = Int(description.inner_blocks.0)
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
