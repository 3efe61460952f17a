import CMicroHTTPD
import Foundation
import Glibc
import Services
package import Telemetry

/// Serves an application over HTTP until it is asked to end.
///
/// A stop lets requests in progress finish within the configured grace, answers what remains with 503, and ends the
/// threads. Without TLS: put a proxy in front of anything but the loopback address.
package final class HTTPServer: Service, Sendable {
  package let listener: HTTPListener
  let application: HTTPApplication
  let configuration: HTTPServerConfiguration
  let exchanges = HTTPExchanges()
  private let logger: Logger

  package init(
    listener: HTTPListener, application: HTTPApplication,
    configuration: HTTPServerConfiguration = HTTPServerConfiguration(), logger: Logger
  ) {
    self.listener = listener
    self.application = application
    self.configuration = configuration
    self.logger = logger
  }

  /// Serves until graceful shutdown or cancellation; once only, as it uses up the listener.
  package func run() async throws {
    let daemon = try start()
    logger.info("serving", metadata: ["url": "\(listener.url)"])
    await gracefulShutdown()
    await stop(daemon)
    logger.info("stopped serving")
  }

  /// Memory of one connection for its headers: twice the header limit leaves room for the answer's own.
  private static let connectionMemory = 48 << 10

  /// Starts the library's threads on the listening socket, which is closed when they stop (or at once if they cannot
  /// start).
  private func start() throws(HTTPServerError) -> OpaquePointer {
    let descriptor = listener.takeDescriptor()
    let daemon = lectern_mhd_start(
      descriptor, UInt32(configuration.threads), UInt32(configuration.maximumConnections),
      UInt32(configuration.idleTimeout.components.seconds), Self.connectionMemory, Self.handle, Self.completed,
      Unmanaged.passUnretained(self).toOpaque())
    guard let daemon else {
      close(descriptor)
      throw HTTPServerError(code: .system, message: "libmicrohttpd could not start its threads")
    }
    return daemon
  }

  /// Takes no more connections, lets requests in progress finish within the grace, answers the rest with 503, and ends
  /// the threads. No connection is suspended any more when the library stops: it would abort the process.
  private func stop(_ daemon: OpaquePointer) async {
    let listening = MHD_quiesce_daemon(daemon)
    exchanges.stop()
    await exchanges.drain(within: configuration.stopGrace)
    exchanges.answerAll(.failure(.unavailable))
    await exchanges.drain(within: .seconds(1))
    // Used by this task alone, beside the library's own threads.
    nonisolated(unsafe) let ending = daemon
    await withCheckedContinuation { continuation in
      // Joins the library's threads, so not on Swift's own.
      Thread.detachNewThread {
        MHD_stop_daemon(ending)
        if listening >= 0 { close(listening) }
        continuation.resume()
      }
    }
  }
}
