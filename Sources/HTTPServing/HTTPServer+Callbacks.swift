import CMicroHTTPD
import Glibc

/// What the library's threads call. They never block: they copy what arrived, suspend the connection, start a task,
/// and return. `context` is the server, unretained: `stop` ends every thread before it can go.
extension HTTPServer {
  /// A connection begins, or its socket is about to be closed.
  static let connected: MHD_NotifyConnectionCallback = { context, connection, _, code in
    guard let context, let connection else { return }
    let connections = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue().connections
    let socket = lectern_mhd_socket(connection)
    switch code {
    case .CONNECTION_NOTIFY_STARTED: connections.open(socket)
    default: connections.close(socket)
    }
  }

  /// The first line of a request is there. Gives the request its context, which `completed` takes back.
  static let targeted: lectern_mhd_target_callback = { _, target, connection in
    guard let target, let connection else { return nil }
    let exchange = HTTPExchange(
      connection: connection, socket: lectern_mhd_socket(connection), targetBytes: strlen(target))
    return Unmanaged.passRetained(exchange).toOpaque()
  }

  static let handle: MHD_AccessHandlerCallback = {
    context, connection, url, method, version, _, uploadSize, requestContext in
    guard let context, let connection, let url, let method, let version, let uploadSize,
      let known = requestContext?.pointee
    else { return .NO }
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    let exchange = Unmanaged<HTTPExchange>.fromOpaque(known).takeUnretainedValue()
    if exchange.begin() {
      let head = HTTPIntake.Head(method: method, url: url, version: version, targetBytes: exchange.targetBytes)
      return server.begin(exchange, connection, head)
    }
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
    let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
    server.exchanges.end(exchange)
    server.connections.enter(.receiving, exchange.socket)
  }

  /// The headers are there. Whatever is refused now is refused before its body is read.
  private func begin(
    _ exchange: HTTPExchange, _ connection: OpaquePointer, _ head: HTTPIntake.Head
  ) -> MHD_Result {
    guard exchanges.begin(exchange) else { return send(.failure(.unavailable), for: exchange, on: connection) }
    if let refusal = HTTPIntake.refusal(connection, head, limits: configuration.limits) {
      return send(.failure(refusal), for: exchange, on: connection)
    }
    return .YES
  }

  /// The request is complete, or its answer is there.
  private func advance(
    _ exchange: HTTPExchange, _ connection: OpaquePointer, _ url: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>
  ) -> MHD_Result {
    if let response = exchange.response { return send(response, for: exchange, on: connection, close: false) }
    guard exchange.bodyBytes <= configuration.limits.bodyBytes else {
      return send(.failure(.contentTooLarge), for: exchange, on: connection)
    }
    guard let method = HTTPMethod(rawValue: String(cString: method)) else {
      return send(.failure(.notImplemented), for: exchange, on: connection)
    }
    guard let request = HTTPIntake.request(connection, method: method, url: url) else {
      return send(.failure(.badRequest), for: exchange, on: connection)
    }
    connections.enter(.handling, exchange.socket)
    guard exchange.suspend() else {
      return send(exchange.response ?? .failure(.internalError), for: exchange, on: connection)
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
  private func send(
    _ response: HTTPResponse, for exchange: HTTPExchange, on connection: OpaquePointer, close: Bool = true
  ) -> MHD_Result {
    connections.enter(.sending, exchange.socket)
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
