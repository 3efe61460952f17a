import CMicroHTTPD

/// Hands an answer to the library. Only inside its callbacks, on its thread.
enum HTTPReply {
  /// Queues `response`; the library copies its bytes. With `close` the connection ends after it.
  static func send(_ response: HTTPResponse, on connection: OpaquePointer, close: Bool) -> MHD_Result {
    let made = response.body.withUnsafeBytes { bytes in
      MHD_create_response_from_buffer(
        bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
    }
    // `NO` makes the library drop the connection: all that is left when memory runs out.
    guard let made else { return .NO }
    defer { MHD_destroy_response(made) }
    // A field with a line break in it is refused by the library and left out.
    for field in response.headers.fields { _ = MHD_add_response_header(made, field.name, field.value) }
    if close { _ = MHD_add_response_header(made, "Connection", "close") }
    return MHD_queue_response(connection, response.status.rawValue, made)
  }
}
