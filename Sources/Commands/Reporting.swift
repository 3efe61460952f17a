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

  /// The site, bound to a port of the loopback address; 0 takes a free one.
  func site(port: Int, alsoMissing: @escaping @Sendable () -> [String] = { [] }) throws(HTTPServerError) -> HTTPServer {
    let pool = pool
    let site = Site(reports: source, deployment: deployment, metrics: context.registry) {
      await pool.isReachable() ? alsoMissing() : ["PostgreSQL cannot be reached"] + alsoMissing()
    }
    return try site.bind(port: UInt16(clamping: port), logger: context.logger.labelled("serve"))
  }
}
