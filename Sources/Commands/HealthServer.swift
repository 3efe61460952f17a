import Configuration
import HTTPServing
import Services
import Telemetry

/// `/metrics`, `/live` and `/ready` of a process that serves no pages, on the loopback address.
enum HealthServer {
  /// Nothing where no port is configured; binds at once, so that a taken port is known before work begins.
  ///
  /// - Parameters:
  ///   - probe: what `/ready` asks of the servers this process cannot work without.
  ///   - problems: what else it lacks to be ready.
  static func services(
    _ context: CommandContext, probe: ServerProbe, problems: @escaping @Sendable () -> [String] = { [] }
  ) throws -> [any Service] {
    guard let port = context.settings.optional(Keys.metricsPort) else { return [] }
    var router = Router()
    let registry = context.registry
    router.on(.get, "/metrics") { _ in
      .text(registry.prometheusText(), type: "text/plain; version=0.0.4; charset=utf-8")
    }
    // Liveness depends on this process alone: restarting it mends neither Kafka nor PostgreSQL.
    router.on(.get, "/live") { _ in .text("live\n") }
    router.on(.get, "/ready") { _ in
      let asked = await probe.problems()
      let problems = asked + problems().filter { !asked.contains($0) }
      return problems.isEmpty
        ? .text("ready\n") : .text(problems.joined(separator: "\n") + "\n", status: .unavailable)
    }
    let listener = try HTTPListener.bind(port: UInt16(clamping: port), loopbackOnly: true)
    let application = HTTPApplication(
      router: router, allowedHosts: ["localhost", "127.0.0.1"], metrics: registry, logger: context.logger)
    return [HTTPServer(listener: listener, application: application, logger: context.logger.labelled("health"))]
  }
}
