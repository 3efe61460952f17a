internal import COneDNN

/// An operation with its implementation chosen: owner of a `dnnl_primitive_desc_t`.
struct PrimitiveDescriptor: ~Copyable {
  let handle: dnnl_primitive_desc_t

  private init(adopting handle: dnnl_primitive_desc_t) { self.handle = handle }

  deinit { dnnl_primitive_desc_destroy(handle) }

  /// Picks the implementation for an initialised operation descriptor.
  static func choose(
    _ operation: UnsafeRawPointer, _ attributes: borrowing Attributes, on engine: Engine, for what: String
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    var handle: dnnl_primitive_desc_t?
    let status = dnnl_primitive_desc_create(&handle, operation, attributes.handle, engine.handle, nil)
    try check(status, "choosing an implementation of \(what)")
    guard let handle else { throw OneDNNError(.failed, "choosing an implementation of \(what) gave none") }
    return PrimitiveDescriptor(adopting: handle)
  }

  /// Picks the implementation of a backward operation; `forward` is the descriptor of its forward one.
  static func choose(
    _ operation: UnsafeRawPointer, hint forward: borrowing PrimitiveDescriptor, on engine: Engine, for what: String
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    let attributes = try Attributes.make()
    var handle: dnnl_primitive_desc_t?
    let status = dnnl_primitive_desc_create(&handle, operation, attributes.handle, engine.handle, forward.handle)
    try check(status, "choosing an implementation of \(what)")
    guard let handle else { throw OneDNNError(.failed, "choosing an implementation of \(what) gave none") }
    return PrimitiveDescriptor(adopting: handle)
  }

  /// Copies one layout into another.
  static func reorder(
    from source: MemoryDescriptor, to target: MemoryDescriptor, on engine: Engine
  ) throws(OneDNNError) -> PrimitiveDescriptor {
    var handle: dnnl_primitive_desc_t?
    var (from, to) = (source.raw, target.raw)
    let status = dnnl_reorder_primitive_desc_create(&handle, &from, engine.handle, &to, engine.handle, nil)
    try check(status, "choosing a reorder")
    guard let handle else { throw OneDNNError(.failed, "choosing a reorder gave none") }
    return PrimitiveDescriptor(adopting: handle)
  }

  /// The layout the implementation wants for one of its arguments (`dnnl_query_src_md`, …), nil where it has none.
  func layout(_ query: dnnl_query_t) -> MemoryDescriptor? {
    guard let raw = dnnl_primitive_desc_query_md(handle, query, 0) else { return nil }
    return MemoryDescriptor(raw.pointee)
  }

  func required(_ query: dnnl_query_t) throws(OneDNNError) -> MemoryDescriptor {
    guard let layout = layout(query) else { throw OneDNNError(.failed, "an implementation names no layout") }
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
    if addsResidual { try check(dnnl_post_ops_append_sum(operations, 1), "fusing an addition") }
    if hasRelu { try check(dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0), "fusing a ReLU") }
    try check(dnnl_primitive_attr_set_post_ops(handle, operations), "setting post-operations")
    return attributes
  }
}
