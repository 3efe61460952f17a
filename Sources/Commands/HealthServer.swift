import Configuration
import HTTPServing
import Services
import Telemetry

/// `/metrics`, `/live` and `/ready` of a process that serves no pages, on the loopback address.
enum HealthServer {
  /// Nothing where no port is configured; binds at once, so that a taken port is known before work begins.
  ///
  /// - Parameters:
  ///   - probe: checks the servers this process depends on, for `/ready`.
  ///   - problems: further reasons why it is not ready.
  static func services(
    _ context: CommandContext, probe: ServerProbe, problems: @escaping @Sendable () -> [String] = { [] }
  ) throws -> [any Service] {
    guard let port = context.settings.optional(Keys.metricsPort) else { return [] }
    var router = Router()
    router.addMonitoring(metrics: context.registry) {
      let found = await probe.problems()
      return found + problems().filter { !found.contains($0) }
    }
    let listener = try HTTPListener.bind(port: UInt16(clamping: port), loopbackOnly: true)
    let application = HTTPApplication(
      router: router, allowedHosts: ["localhost", "127.0.0.1"], metrics: context.registry, logger: context.logger)
    return [HTTPServer(listener: listener, application: application, logger: context.logger.labelled("health"))]
  }
}
