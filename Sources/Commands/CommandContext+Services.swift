import Addresses
import Arguments
import Configuration
import HTTPServing
import KafkaIO
import Persistence
import Services
import Telemetry

extension CommandContext {
  /// Runs services until one of them ends or a signal asks for it, within the configured grace, and says in the log
  /// what they answered over HTTP, if anything.
  func run(_ services: [any Service]) async throws {
    let start = ContinuousClock.now
    defer {
      let requests = registry.total("lectern_http_requests_total")
      if requests > 0 {
        logger.info(
          "requests were answered",
          metadata: ["requests": .int(Int64(requests)), "seconds": .seconds(start.duration(to: .now))])
      }
    }
    try await ServiceGroup(services: services, shutdownDeadline: settings[Keys.shutdownGrace], logger: logger).run()
  }

  /// Where pages are served.
  var pagesEndpoint: Endpoint {
    settings.optional(Keys.httpListen) ?? Endpoint(host: "127.0.0.1", port: UInt16(clamping: settings[Keys.httpPort]))
  }

  /// Where monitors ask; nil if nowhere.
  var monitoringEndpoint: Endpoint? {
    settings.optional(Keys.metricsListen)
      ?? settings.optional(Keys.metricsPort).map { Endpoint(host: "127.0.0.1", port: UInt16(clamping: $0)) }
  }

  /// An error for each listener that two keys place.
  var listenerErrors: [ConfigurationError] {
    func error(_ listen: ConfigurationKey<Endpoint>, _ port: ConfigurationKey<Int>) -> ConfigurationError? {
      let origin = settings.origin(of: port)
      guard settings.optional(listen) != nil, origin != .defaultValue, origin != .unset else { return nil }
      return ConfigurationError(
        key: listen.name, place: "\(settings.origin(of: listen))", problem: "\(port.name) (\(origin)) is set as well",
        remedy: "keep one of them")
    }
    return [error(Keys.httpListen, Keys.httpPort), error(Keys.metricsListen, Keys.metricsPort)].compactMap(\.self)
  }

  /// The listener for `/metrics`, `/live` and `/ready`, where one is configured: connections and threads of its own, so
  /// that whoever keeps pages busy does not keep monitors out. Binds at once, so that a taken port is known before work
  /// begins.
  ///
  /// On the loopback address a request has to name this machine. Elsewhere it may name any: there monitors know the
  /// machine by names that it does not know itself, and everybody who reaches the port may ask.
  ///
  /// - Parameters:
  ///   - role: as whom PostgreSQL is asked for `/ready`.
  ///   - kafka: asked for `/ready` too; nil for a service that does not use it.
  ///   - problems: further reasons why it is not ready.
  func monitoring(
    role: DatabaseRole, kafka: KafkaSettings? = nil, problems: @escaping @Sendable () -> [String] = { [] }
  ) throws -> HTTPServer? {
    guard let endpoint = monitoringEndpoint else { return nil }
    let probe = ServerProbe(
      kafka: kafka, postgres: postgres(role: role, application: "ready"), uptime: environment.uptime)
    var router = Router()
    router.addMonitoring(metrics: registry) {
      let found = await probe.problems()
      return found + problems().filter { !found.contains($0) }
    }
    let listener = try HTTPListener.bind(host: endpoint.host, port: endpoint.port, reach: .everybody)
    let application = HTTPApplication(
      router: router, allowedHosts: listener.isLoopback ? listener.ownNames : nil, metrics: registry, logger: logger)
    return HTTPServer(
      listener: listener, application: application, configuration: .monitoring, logger: logger.labelled("health"))
  }

  /// Runs a service beside its listener for monitors, where one is configured. Parameters as of `monitoring`.
  func runMonitored(
    _ service: any Service, role: DatabaseRole, kafka: KafkaSettings? = nil,
    problems: @escaping @Sendable () -> [String] = { [] }
  ) async throws {
    let services: [(any Service)?] = [try monitoring(role: role, kafka: kafka, problems: problems), service]
    try await run(services.compactMap(\.self))
  }
}
