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

  /// Runs a service that serves no pages and, where a port is configured for them, its `/metrics`, `/live` and `/ready`
  /// on the loopback address. Binds at once, so that a taken port is known before work begins.
  ///
  /// - Parameters:
  ///   - role: as whom PostgreSQL is asked for `/ready`.
  ///   - kafka: asked for `/ready` too; nil for a service that does not use it.
  ///   - problems: further reasons why it is not ready.
  func runMonitored(
    _ service: any Service, role: DatabaseRole, kafka: KafkaSettings? = nil,
    problems: @escaping @Sendable () -> [String] = { [] }
  ) async throws {
    guard let port = settings.optional(Keys.metricsPort) else { return try await run([service]) }
    let probe = ServerProbe(
      kafka: kafka, postgres: postgres(role: role, application: "ready"), uptime: environment.uptime)
    var router = Router()
    router.addMonitoring(metrics: registry) {
      let found = await probe.problems()
      return found + problems().filter { !found.contains($0) }
    }
    let listener = try HTTPListener.bind(port: UInt16(clamping: port))
    let application = HTTPApplication(
      router: router, allowedHosts: ["localhost", "127.0.0.1"], metrics: registry, logger: logger)
    let server = HTTPServer(listener: listener, application: application, logger: logger.labelled("health"))
    try await run([server, service])
  }
}
