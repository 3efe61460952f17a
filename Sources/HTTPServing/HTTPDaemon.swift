import CMicroHTTPD
import Foundation
import Glibc
import Telemetry

/// The library's daemon: its threads, its callbacks, and the requests in progress.
///
/// Callbacks run on the library's threads and never block: they copy what arrived, suspend the connection, start a
/// task, and return. `context` is this object, unretained: `stop` ends every thread before the object can go.
final class HTTPDaemon: Sendable {
  let configuration: HTTPServerConfiguration
  let application: HTTPApplication
  let exchanges = HTTPExchanges()

  init(configuration: HTTPServerConfiguration, application: HTTPApplication) {
    self.configuration = configuration
    self.application = application
  }

  /// A running daemon of the library. The pointer is used by one task, and by the library's own threads.
  struct Handle: @unchecked Sendable {
    fileprivate let daemon: OpaquePointer
  }

  /// Starts the threads on a listening socket, which is closed when they stop (or at once if they cannot start).
  func start(on descriptor: Int32) throws(HTTPServerError) -> Handle {
    let daemon = lectern_mhd_start(
      descriptor, UInt32(configuration.threads), UInt32(configuration.maximumConnections),
      UInt32(configuration.idleTimeout.components.seconds), Self.connectionMemory, Self.handle, Self.completed,
      Unmanaged.passUnretained(self).toOpaque())
    guard let daemon else {
      close(descriptor)
      throw HTTPServerError(code: .system, message: "libmicrohttpd could not start its threads")
    }
    return Handle(daemon: daemon)
  }

  /// Takes no more connections, lets requests in progress finish within the grace, answers the rest with 503, and ends
  /// the threads. No connection is suspended any more when the library stops: it would abort the process.
  func stop(_ handle: Handle) async {
    let listening = MHD_quiesce_daemon(handle.daemon)
    exchanges.stop()
    await exchanges.drain(within: configuration.stopGrace)
    exchanges.answerAll(.failure(.unavailable))
    await exchanges.drain(within: .seconds(1))
    await withCheckedContinuation { continuation in
      // Joins the library's threads, so not on Swift's own.
      Thread.detachNewThread {
        MHD_stop_daemon(handle.daemon)
        if listening >= 0 { close(listening) }
        continuation.resume()
      }
    }
  }

  /// Memory of one connection for its headers: twice the header limit leaves room for the answer's own.
  private static let connectionMemory = 48 << 10

  private static let handle: MHD_AccessHandlerCallback = {
    context, connection, url, method, _, uploadData, uploadSize, requestContext in
    guard let context, let connection, let url, let method, let uploadSize, let requestContext else { return .NO }
    let daemon = Unmanaged<HTTPDaemon>.fromOpaque(context).takeUnretainedValue()
    guard let known = requestContext.pointee else {
      return daemon.begin(connection, url, requestContext)
    }
    let exchange = Unmanaged<HTTPExchange>.fromOpaque(known).takeUnretainedValue()
    if uploadSize.pointee > 0 {
      uploadData?.withMemoryRebound(to: UInt8.self, capacity: uploadSize.pointee) { bytes in
        exchange.append(
          UnsafeBufferPointer(start: bytes, count: uploadSize.pointee), limit: daemon.configuration.limits.bodyBytes)
      }
      uploadSize.pointee = 0
      return .YES
    }
    return daemon.advance(exchange, connection, url, method)
  }

  private static let completed: MHD_RequestCompletedCallback = { context, _, requestContext, _ in
    guard let context, let known = requestContext?.pointee else { return }
    requestContext?.pointee = nil
    let exchange = Unmanaged<HTTPExchange>.fromOpaque(known).takeRetainedValue()
    Unmanaged<HTTPDaemon>.fromOpaque(context).takeUnretainedValue().exchanges.end(exchange)
  }

  /// The headers are there. Whatever is refused now is refused before its body is read.
  private func begin(
    _ connection: OpaquePointer, _ url: UnsafePointer<CChar>, _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  ) -> MHD_Result {
    let exchange = HTTPExchange(connection: connection)
    guard exchanges.begin(exchange) else { return HTTPReply.send(.failure(.unavailable), on: connection, close: true) }
    context.pointee = Unmanaged.passRetained(exchange).toOpaque()
    if let refusal = HTTPIntake.refusal(connection, url: url, limits: configuration.limits) {
      return HTTPReply.send(.failure(refusal), on: connection, close: true)
    }
    return .YES
  }

  /// The request is complete, or its answer is there.
  private func advance(
    _ exchange: HTTPExchange, _ connection: OpaquePointer, _ url: UnsafePointer<CChar>, _ method: UnsafePointer<CChar>
  ) -> MHD_Result {
    if let response = exchange.response { return HTTPReply.send(response, on: connection, close: false) }
    guard let body = exchange.body else {
      return HTTPReply.send(.failure(.contentTooLarge), on: connection, close: true)
    }
    guard let method = HTTPMethod(rawValue: String(cString: method)) else {
      return HTTPReply.send(.failure(.notImplemented), on: connection, close: true)
    }
    guard let request = HTTPIntake.request(connection, method: method, url: url, body: body) else {
      return HTTPReply.send(.failure(.badRequest), on: connection, close: true)
    }
    guard exchange.suspend() else {
      return HTTPReply.send(exchange.response ?? .failure(.internalError), on: connection, close: true)
    }
    let work = Task { [application] in exchange.answer(await application.respond(to: request)) }
    let deadline = Task { [limit = configuration.handlerDeadline] in
      guard (try? await Task.sleep(for: limit)) != nil else { return }
      exchange.answer(.failure(.unavailable))
    }
    exchange.attach([work, deadline])
    return .YES
  }
}
