package import HTTPServing
package import Telemetry

/// Puts a site on the loopback address, and nowhere else.
///
/// There is no sign-in yet, so an address that other machines can reach is refused, and so is a request that names
/// another host: a page elsewhere could otherwise point its own name at 127.0.0.1 and read along.
package enum SiteServer {
  /// Binds at once, so that a taken port is known early; serves when the returned service runs.
  ///
  /// - Parameters:
  ///   - host: `127.0.0.1`, another address of 127.0.0.0/8, `::1` or `localhost`.
  ///   - port: 0 for any free one; see `HTTPServer.listener` for the chosen one.
  package static func bind(
    _ site: Site, host: String = "127.0.0.1", port: UInt16,
    configuration: HTTPServerConfiguration = HTTPServerConfiguration(), metrics: MetricsRegistry, logger: Logger
  ) throws(HTTPServerError) -> HTTPServer {
    let listener = try HTTPListener.bind(host: host, port: port, loopbackOnly: true)
    let named = host.contains(":") ? "[\(host)]" : host
    let application = HTTPApplication(
      router: site.router, allowedHosts: ["localhost", "127.0.0.1", "[::1]", named.lowercased()], metrics: metrics,
      logger: logger)
    return HTTPServer(listener: listener, application: application, configuration: configuration, logger: logger)
  }
}
