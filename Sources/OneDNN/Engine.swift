internal import COneDNN

/// The CPU as oneDNN sees it, with an execution stream on it: owner of both handles.
///
/// A class, because every plan keeps the engine that its primitives and memory objects live on. Used by one thread.
final class Engine {
  let handle: dnnl_engine_t
  let stream: dnnl_stream_t

  /// The OpenMP threads of the stream this engine belongs to, for our own kernels.
  let team: Team

  private init(adopting handle: dnnl_engine_t, stream: dnnl_stream_t, team: Team) {
    self.handle = handle
    self.stream = stream
    self.team = team
  }

  deinit {
    dnnl_stream_destroy(stream)
    dnnl_engine_destroy(handle)
  }

  /// The calling thread must have been told its number of OpenMP threads.
  static func cpu(team: Team) throws(OneDNNError) -> Engine {
    var engine: dnnl_engine_t?
    try check(dnnl_engine_create(&engine, dnnl_cpu, 0), "creating the CPU engine")
    guard let engine else { throw OneDNNError(.failed, "creating the CPU engine gave none") }
    var stream: dnnl_stream_t?
    let status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags.rawValue)
    guard status == dnnl_success, let stream else {
      dnnl_engine_destroy(engine)
      throw OneDNNError(.failed, "creating the CPU stream", status: status.rawValue)
    }
    return Engine(adopting: engine, stream: stream, team: team)
  }

  /// Waits for everything enqueued; on the CPU it has run already.
  func wait() throws(OneDNNError) {
    try check(dnnl_stream_wait(stream), "waiting for the stream")
  }
}
