internal import COneDNN

/// Compiled code for one operation: owner of a `dnnl_primitive_t`. Its number of threads is the creating thread's
/// OpenMP setting, so it is created where it runs.
final class Primitive {
  let handle: dnnl_primitive_t

  private init(adopting handle: dnnl_primitive_t) { self.handle = handle }

  deinit { dnnl_primitive_destroy(handle) }

  static func create(_ descriptor: PrimitiveDescriptor) throws(OneDNNError) -> Primitive {
    var handle: dnnl_primitive_t?
    try check(dnnl_primitive_create(&handle, descriptor.handle), "creating \(descriptor.implementation)")
    guard let handle else { throw OneDNNError(.failed, "creating a primitive gave none") }
    return Primitive(adopting: handle)
  }

  func execute(_ arguments: UnsafeBufferPointer<dnnl_exec_arg_t>, on engine: Engine) throws(OneDNNError) {
    let status = dnnl_primitive_execute(handle, engine.stream, Int32(arguments.count), arguments.baseAddress)
    try check(status, "executing a primitive")
  }
}
