import Configuration
import HTTPServing
import Ingest
import Persistence
import PostgresIO
import Reports
import Telemetry
import Web

/// Reports and pages of the configured deployment.
struct Reporting: Sendable {
  let context: CommandContext
  let source: DatabaseReportSource
  private let reader: ReportsReader
  private let deployment: CourseInterestReport.Deployment

  init(context: CommandContext, gate: DeploymentGate, framesAreSynthetic: Bool) {
    self.context = context
    deployment = CourseInterestReport.Deployment(
      region: gate.region.code, purpose: gate.purpose.rawValue, basis: gate.basis)
    let pool = PostgresPool(
      context.postgres(role: "lectern_aggregator", application: "serve"), logger: context.logger.labelled("serve"))
    reader = ReportsReader(pool: pool, reader: .deployment)
    source = DatabaseReportSource(
      reader: reader,
      context: ReportContext(
        deployment: deployment, framesAreSynthetic: framesAreSynthetic,
        cohortMinimum: context.settings[Keys.cohortMinimum]),
      now: context.clock)
  }

  /// The site, bound to a port of the loopback address; 0 takes a free one.
  func site(port: Int, alsoMissing: @escaping @Sendable () -> [String] = { [] }) throws(HTTPServerError) -> HTTPServer {
    let reader = reader
    let site = Site(reports: source, deployment: deployment, metrics: context.registry) {
      await reader.isReachable() ? alsoMissing() : ["PostgreSQL cannot be reached"] + alsoMissing()
    }
    return try SiteServer.bind(
      site, port: UInt16(clamping: port), metrics: context.registry, logger: context.logger.labelled("serve"))
  }
}
