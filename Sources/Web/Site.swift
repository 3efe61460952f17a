package import Addresses
package import HTTPServing
import Markup
package import Reports
package import Telemetry

/// Lectern's pages, read-only: the list of courses, their reports, and what a monitor asks for.
///
/// | path | what |
/// |---|---|
/// | `/` | the courses, and what this is |
/// | `/courses/{id}/report` | the course-interest report as a page |
/// | `/courses/{id}/report.json` | the same as JSON |
/// | `/style.css` | the stylesheet of both |
/// | `/metrics`, `/live`, `/ready` | what monitors ask, unless elsewhere: `Router.addMonitoring` |
///
/// Nobody signs in yet, so it is for this machine's own address alone.
package struct Site: Sendable {
  private let reports: any ReportSource
  private let deployment: CourseInterestReport.Deployment
  private let metrics: MetricsRegistry
  private let missing: (@Sendable () async -> [String])?

  /// - Parameter missing: what the process lacks to be ready, one short phrase each without ids; empty when ready. Nil
  ///   where monitors ask elsewhere.
  package init(
    reports: any ReportSource, deployment: CourseInterestReport.Deployment, metrics: MetricsRegistry,
    missing: (@Sendable () async -> [String])?
  ) {
    self.reports = reports
    self.deployment = deployment
    self.metrics = metrics
    self.missing = missing
  }

  /// The routes of the site.
  package var router: Router {
    var router = Router()
    router.on(.get, "/") { _ in
      .html(IndexPage(courses: try await reports.courses(), deployment: deployment).rendered())
    }
    router.on(.get, "/courses/{id}/report") { request in
      guard let report = try await report(request) else { return .html(NotFoundPage.rendered(), status: .notFound) }
      return .html(CourseInterestPage(report).rendered(styles: .linked(Self.stylesheet)))
    }
    router.on(.get, "/courses/{id}/report.json") { request in
      guard let report = try await report(request) else { return .failure(.notFound) }
      return .json(try report.json())
    }
    router.on(.get, "/style.css") { _ in
      var response = HTTPResponse.text(Self.styles, type: "text/css; charset=utf-8")
      response.isTagged = true
      return response
    }
    if let missing { router.addMonitoring(metrics: metrics, missing: missing) }
    return router
  }

  /// Puts the site on the loopback address, and nowhere else.
  ///
  /// An address that other machines can reach is refused, and so is a request that names another host: a page elsewhere
  /// could otherwise point its own name at 127.0.0.1 and read along. Binds at once, so that a taken port is known
  /// early; serves when the returned service runs.
  ///
  /// - Parameter endpoint: `127.0.0.1`, another address of 127.0.0.0/8, `::1` or `localhost`, and a port: 0 for any
  ///   free one; see `HTTPServer.listener` for the chosen one.
  package func bind(_ endpoint: Endpoint, logger: Logger) throws(HTTPServerError) -> HTTPServer {
    let listener = try HTTPListener.bind(host: endpoint.host, port: endpoint.port)
    let application = HTTPApplication(
      router: router, allowedHosts: listener.ownNames, metrics: metrics, logger: logger)
    return HTTPServer(listener: listener, application: application, logger: logger)
  }

  static let stylesheet = Link.path(["style.css"])
  private static let styles = Theme.all.map(\.description).joined()

  private func report(_ request: HTTPRequest) async throws -> CourseInterestReport? {
    guard let id = request.parameters["id"].flatMap({ Int64($0) }), id > 0 else { return nil }
    return try await reports.report(course: id)
  }
}
