package import Telemetry

extension Router {
  /// Adds what a monitor asks of every long-running process:
  ///
  /// | path | what |
  /// |---|---|
  /// | `/metrics` | metrics in Prometheus's text format |
  /// | `/live` | 200 while the process serves: restarting it mends neither Kafka nor PostgreSQL, so it asks for neither
  /// |
  /// | `/ready` | 200 if everything the process needs is there, else 503 and what is missing, a line each |
  ///
  /// - Parameter missing: what the process lacks to be ready, one short phrase each without ids; empty when ready.
  package mutating func addMonitoring(
    metrics: MetricsRegistry, missing: @escaping @Sendable () async -> [String]
  ) {
    on(.get, "/metrics") { _ in
      .text(metrics.prometheusText(), type: "text/plain; version=0.0.4; charset=utf-8")
    }
    on(.get, "/live") { _ in .text("live\n") }
    on(.get, "/ready") { _ in
      let missing = await missing()
      return missing.isEmpty
        ? .text("ready\n") : .text(missing.joined(separator: "\n") + "\n", status: .unavailable)
    }
  }
}
