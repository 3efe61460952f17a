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
  let connections: HTTPConnections
  private let logger: Logger

  package init(
    listener: HTTPListener, application: HTTPApplication,
    configuration: HTTPServerConfiguration = HTTPServerConfiguration(), logger: Logger
  ) {
    self.listener = listener
    self.application = application
    self.configuration = configuration
    self.logger = logger
    connections = HTTPConnections(
      limits: ConnectionTable.Limits(
        connections: configuration.maximumConnections, receiving: configuration.requestDeadline,
        sending: configuration.answerDeadline))
  }

  /// Serves until graceful shutdown or cancellation; once only, as it uses up the listener.
  package func run() async throws {
    let daemon = try start()
    logger.info("serving", metadata: ["url": "\(listener.url)"])
    // A task of its own, so that connections have their deadlines until the last of them is closed.
    let deadlines = Task { await keepDeadlines() }
    await gracefulShutdown()
    await stop(daemon)
    deadlines.cancel()
    await deadlines.value
    logger.info("stopped serving")
  }

  /// Ends connections whose time is over, until it is cancelled. A deadline is passed by a second at most, or by a
  /// quarter where that is less.
  private func keepDeadlines() async {
    let pace = min(.seconds(1), min(configuration.requestDeadline, configuration.answerDeadline) / 4)
    while (try? await Task.sleep(for: pace)) != nil { connections.expire() }
  }

  /// What the library may hold beyond the limit: connections that were shut down and are not closed yet, and such as
  /// cannot be, since a handler works for them. Only beyond that does a new one wait in the kernel's queue.
  private var spareConnections: Int { configuration.maximumConnections / 4 + 4 * configuration.threads }

  /// Memory of one connection for its headers: twice the header limit leaves room for the answer's own.
  private static let connectionMemory = 48 << 10

  /// Starts the library's threads on the listening socket, which is closed when they stop (or at once if they cannot
  /// start).
  private func start() throws(HTTPServerError) -> OpaquePointer {
    let descriptor = listener.takeDescriptor()
    let daemon = lectern_mhd_start(
      descriptor, UInt32(configuration.threads), UInt32(configuration.maximumConnections + spareConnections),
      UInt32(configuration.idleTimeout.components.seconds), Self.connectionMemory, Self.connected, Self.targeted,
      Self.handle, Self.completed, Unmanaged.passUnretained(self).toOpaque())
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
