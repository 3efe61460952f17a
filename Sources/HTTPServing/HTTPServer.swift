import Services
package import Telemetry

/// Serves an application over HTTP until it is asked to end.
///
/// A stop lets requests in progress finish within the configured grace, answers what remains with 503, and ends the
/// threads. Without TLS: put a proxy in front of anything but the loopback address.
package final class HTTPServer: Service, Sendable {
  package let listener: HTTPListener
  private let application: HTTPApplication
  private let configuration: HTTPServerConfiguration
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
    let daemon = HTTPDaemon(configuration: configuration, application: application)
    let handle = try daemon.start(on: listener.takeDescriptor())
    logger.info("serving", metadata: ["url": "\(listener.url)"])
    await gracefulShutdown()
    await daemon.stop(handle)
    logger.info("stopped serving")
  }
}
