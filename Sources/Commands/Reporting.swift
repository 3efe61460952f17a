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
  private let pool: PostgresPool
  private let deployment: CourseInterestReport.Deployment

  /// - Parameter role: another than the one that reads only, for who keeps reports too.
  init(context: CommandContext, gate: DeploymentGate, framesAreSynthetic: Bool, role: DatabaseRole = .reader) {
    self.context = context
    deployment = CourseInterestReport.Deployment(
      region: gate.region.code, purpose: gate.purpose.rawValue, basis: gate.basis)
    pool = PostgresPool(
      context.postgres(role: role, application: "serve"), logger: context.logger.labelled("serve"))
    source = DatabaseReportSource(
      pool: pool, reader: .deployment,
      context: ReportContext(
        deployment: deployment, framesAreSynthetic: framesAreSynthetic,
        cohortMinimum: context.settings[Keys.cohortMinimum]),
      now: context.clock)
  }

  /// The site, bound to the configured loopback address. It answers monitors too, unless they have a listener of their
  /// own.
  func site(alsoMissing: @escaping @Sendable () -> [String] = { [] }) throws(HTTPServerError) -> HTTPServer {
    let pool = pool
    let missing: @Sendable () async -> [String] = {
      await pool.isReachable() ? alsoMissing() : ["PostgreSQL cannot be reached"] + alsoMissing()
    }
    let site = Site(
      reports: source, deployment: deployment, metrics: context.registry,
      missing: context.monitoringEndpoint == nil ? missing : nil)
    return try site.bind(context.pagesEndpoint, logger: context.logger.labelled("serve"))
  }
}
