import CMicroHTTPD

/// What the library's threads call. They never block: they copy what arrived, suspend the connection, start a task,
/// and return. `context` is the server, unretained: `stop` ends every thread before it can go.
extension HTTPServer {
  static let handle: MHD_AccessHandlerCallback = {
    context, connection, url, method, _, _, uploadSize, requestContext in
    guard let context, let connection, let url, let method, let uploadSize, let requestContext else { return .NO }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    guard let known = requestContext.pointee else {
      return server.begin(connection, url, requestContext)
    }
    let exchange = Unmanaged<HTTPExchange>.fromOpaque(known).takeUnretainedValue()
    if uploadSize.pointee > 0 {
      exchange.take(bodyBytes: uploadSize.pointee)
      uploadSize.pointee = 0
      return .YES
    }
    return server.advance(exchange, connection, url, method)
  }

  static let completed: MHD_RequestCompletedCallback = { context, _, requestContext, _ in
    guard let context, let known = requestContext?.pointee else { return }
    requestContext?.pointee = nil
    let exchange = Unmanaged<HTTPExchange>.fromOpaque(known).takeRetainedValue()
    Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue().exchanges.end(exchange)
  }

  /// The headers are there. Whatever is refused now is refused before its body is read.
  private func begin(
    _ connection: OpaquePointer, _ url: UnsafePointer<CChar>, _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  ) -> MHD_Result {
    let exchange = HTTPExchange(connection: connection)
    guard exchanges.begin(exchange) else { return send(.failure(.unavailable), on: connection) }
    context.pointee = Unmanaged.passRetained(exchange).toOpaque()
    if let refusal = HTTPIntake.refusal(connection, url: url, limits: configuration.limits) {
      return send(.failure(refusal), on: connection)
    }
    return .YES
  }

  /// The request is complete, or its answer is there.
  private func advance(
    _ exchange: HTTPExchange, _ connection: OpaquePointer, _ url: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>
  ) -> MHD_Result {
    if let response = exchange.response { return send(response, on: connection, close: false) }
    guard exchange.bodyBytes <= configuration.limits.bodyBytes else {
      return send(.failure(.contentTooLarge), on: connection)
    }
    guard let method = HTTPMethod(rawValue: String(cString: method)) else {
      return send(.failure(.notImplemented), on: connection)
    }
    guard let request = HTTPIntake.request(connection, method: method, url: url) else {
      return send(.failure(.badRequest), on: connection)
    }
    guard exchange.suspend() else {
      return send(exchange.response ?? .failure(.internalError), on: connection)
    }
    let work = Task { [application] in exchange.answer(await application.respond(to: request)) }
    let deadline = Task { [limit = configuration.handlerDeadline] in
      guard (try? await Task.sleep(for: limit)) != nil else { return }
      exchange.answer(.failure(.unavailable))
    }
    exchange.attach([work, deadline])
    return .YES
  }

  /// Queues an answer; the library copies its bytes. With `close` the connection ends after it.
  private func send(_ response: HTTPResponse, on connection: OpaquePointer, close: Bool = true) -> MHD_Result {
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
    return MHD_queue_response(connection, response.status.code, made)
  }
}
