internal import COneDNN

/// An operation with its implementation chosen: owner of a `dnnl_primitive_desc_t`, which a training plan's forward
/// pass shares with the backward pass.
final class PrimitiveDescriptor {
  let handle: dnnl_primitive_desc_t

  private init(adopting handle: dnnl_primitive_desc_t) { self.handle = handle }

  deinit { dnnl_primitive_desc_destroy(handle) }

  /// Picks an implementation; `create` is the call of oneDNN that does, given where to put it, the attributes and the
  /// `layouts` as oneDNN's own, in their order.
  static func choose(
    for what: String, _ layouts: [MemoryDescriptor?], _ attributes: borrowing Attributes,
    _ create: (UnsafeMutablePointer<dnnl_primitive_desc_t?>, [OpaquePointer?], dnnl_primitive_attr_t) -> dnnl_status_t
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    var handle: dnnl_primitive_desc_t?
    let attributes = attributes.handle
    let status = MemoryDescriptor.withRaw(of: layouts) { create(&handle, $0, attributes) }
    try check(status, "choosing an implementation of \(what)")
    guard let handle else { throw OneDNNError(.failed, "choosing an implementation of \(what) gave none") }
    return PrimitiveDescriptor(adopting: handle)
  }

  /// Copies one layout into another.
  static func reorder(
    from source: MemoryDescriptor, to target: MemoryDescriptor, on engine: Engine
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    try .choose(for: "a reorder", [source, target], .make()) { handle, raw, _ in
      lectern_dnnl_reorder(handle, engine.handle, raw[0], raw[1])
    }
  }

  /// The layout the implementation wants for one of its arguments (`dnnl_query_src_md`, …), nil where it has none.
  func layout(_ query: dnnl_query_t) throws(OneDNNError) -> MemoryDescriptor? { try .wanted(by: handle, for: query) }

  func required(_ query: dnnl_query_t) throws(OneDNNError) -> MemoryDescriptor {
    guard let layout = try layout(query) else { throw OneDNNError(.failed, "an implementation names no layout") }
    return layout
  }

  /// The implementation's name, such as `jit:avx2`; for diagnostics.
  var implementation: String {
    var name: UnsafePointer<CChar>?
    guard dnnl_primitive_desc_query(handle, dnnl_query_impl_info_str, 0, &name) == dnnl_success, let name else {
      return "?"
    }
    return String(cString: name)
  }
}

/// What a primitive does besides its operation: owner of the attribute handle. Scratch memory is always ours, so that
/// it can share the arena with activations instead of being kept per primitive.
struct Attributes: ~Copyable {
  let handle: dnnl_primitive_attr_t

  private init(adopting handle: dnnl_primitive_attr_t) { self.handle = handle }

  deinit { dnnl_primitive_attr_destroy(handle) }

  /// Adds the destination's former content (`addsResidual`), then clips at zero (`hasRelu`).
  static func make(addsResidual: Bool = false, hasRelu: Bool = false) throws(OneDNNError) -> Attributes {
    var handle: dnnl_primitive_attr_t?
    try check(dnnl_primitive_attr_create(&handle), "creating attributes")
    guard let handle else { throw OneDNNError(.failed, "creating attributes gave none") }
    let attributes = Attributes(adopting: handle)
    try check(dnnl_primitive_attr_set_scratchpad_mode(handle, dnnl_scratchpad_mode_user), "taking over scratch memory")
    guard addsResidual || hasRelu else { return attributes }
    var operations: dnnl_post_ops_t?
    try check(dnnl_post_ops_create(&operations), "creating post-operations")
    guard let operations else { throw OneDNNError(.failed, "creating post-operations gave none") }
    defer { dnnl_post_ops_destroy(operations) }
    if addsResidual { try check(lectern_dnnl_append_sum(operations), "fusing an addition") }
    if hasRelu { try check(lectern_dnnl_append_relu(operations), "fusing a ReLU") }
    try check(dnnl_primitive_attr_set_post_ops(handle, operations), "setting post-operations")
    return attributes
  }
}
