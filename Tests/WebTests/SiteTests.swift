import Addresses
import HTTPServing
import LearningEvents
import Persistence
import Reports
import Telemetry
import Testing
import Web

/// Two courses, one of them with a hostile title, without a database.
struct FixedReports: ReportSource {
  var fails = false
  struct Down: Error {}

  func courses() async throws -> [ReportedCourse] {
    if fails { throw Down() }
    return [
      ReportedCourse(id: 1, title: "Calculus", segments: 8),
      ReportedCourse(id: 2, title: "<script>alert(1)</script>", segments: 1),
    ]
  }

  func report(course: Int64) async throws -> CourseInterestReport? {
    guard course == 1 else { return nil }
    return CourseInterestReport(
      ReleasedCourse(
        id: 1, title: "Calculus", segments: [], released: nil, weightsVersions: [], models: [],
        totals: IngestTotals(stored: 0, rejected: 0, duplicates: 0)),
      context: ReportContext(
        deployment: .init(region: "CH", purpose: "demonstration"), framesAreSynthetic: true, cohortMinimum: 10),
      madeAt: .earliest)
  }
}

@Suite struct SiteTests {
  static func get(
    _ path: [String], reports: any ReportSource = FixedReports(), missing: [String] = []
  ) async -> (status: UInt32, type: String, body: String) {
    let metrics = MetricsRegistry()
    let site = Site(
      reports: reports, deployment: .init(region: "CH", purpose: "demonstration"), metrics: metrics,
      missing: { missing })
    let application = HTTPApplication(router: site.router, metrics: metrics, logger: .silent)
    _ = await application.respond(to: HTTPRequest(path: ["live"]))
    let response = await application.respond(to: HTTPRequest(path: path))
    return (
      response.status.code, response.headers["Content-Type"] ?? "", String(decoding: response.body, as: UTF8.self)
    )
  }

  @Test func theFirstPageListsCoursesAndWhatThisIs() async {
    let page = await Self.get([])
    #expect(page.status == 200 && page.type.hasPrefix("text/html"))
    #expect(page.body.contains("<a class=\"title isolate\" href=\"/courses/1/report\">Calculus</a>"))
    #expect(page.body.contains("&lt;script&gt;") && !page.body.contains("<script"))
    #expect(page.body.contains("This is a demonstration.") && page.body.contains("Article 5(1)(f)"))
    #expect(page.body.contains("href=\"/style.css\"") && !page.body.contains("<style"))
  }

  @Test func aReportIsAPageAndAsJSON() async throws {
    let page = await Self.get(["courses", "1", "report"])
    #expect(page.status == 200 && page.body.contains("<h1 class=\"isolate\">Calculus</h1>"))
    #expect(!page.body.contains("<style") && !page.body.contains(" style="))
    let json = await Self.get(["courses", "1", "report.json"])
    #expect(json.status == 200 && json.type == "application/json")
    #expect(json.body.contains(#""title" : "Calculus""#))
  }

  @Test(arguments: ["2", "0", "-1", "x", "1x", "99999999999999999999", "٣"])
  func anotherCourseIsNotFound(_ id: String) async {
    #expect(await Self.get(["courses", id, "report"]).status == 404)
    #expect(await Self.get(["courses", id, "report.json"]).status == 404)
  }

  @Test func theStylesheetIsServed() async {
    let sheet = await Self.get(["style.css"])
    #expect(sheet.status == 200 && sheet.type.hasPrefix("text/css"))
    #expect(sheet.body.contains("prefers-color-scheme:dark") && sheet.body.contains(".chart.narrow"))
  }

  @Test func monitorsGetWhatTheyAskFor() async {
    let metrics = await Self.get(["metrics"])
    #expect(metrics.type.hasPrefix("text/plain; version=0.0.4"))
    #expect(metrics.body.contains("lectern_http_requests_total{method=\"GET\",route=\"/live\",status=\"2xx\"} 1"))
    #expect(await Self.get(["ready"]).status == 200)
    let waiting = await Self.get(["ready"], missing: ["the database does not answer", "partition 3 is parked"])
    #expect(waiting.status == 503 && waiting.body == "the database does not answer\npartition 3 is parked\n")
    #expect(await Self.get(["live"], missing: ["everything"]).status == 200)
  }

  @Test func monitorsThatAskElsewhereFindNothingHere() async {
    let site = Site(
      reports: FixedReports(), deployment: .init(region: "CH", purpose: "demonstration"), metrics: MetricsRegistry(),
      missing: nil)
    let application = HTTPApplication(router: site.router, metrics: MetricsRegistry(), logger: .silent)
    for path in ["metrics", "live", "ready"] {
      #expect(await application.respond(to: HTTPRequest(path: [path])).status == .notFound)
    }
    #expect(await application.respond(to: HTTPRequest(path: [])).status == .ok)
  }

  @Test func aDatabaseThatIsDownIsAnErrorWithoutWords() async {
    let page = await Self.get([], reports: FixedReports(fails: true))
    #expect(page.status == 500 && !page.body.contains("Down"))
    #expect(await Self.get(["live"], reports: FixedReports(fails: true)).status == 200)
  }

  @Test func itServesThisMachineAlone() throws {
    let site = Site(
      reports: FixedReports(), deployment: .init(region: "CH", purpose: "demonstration"), metrics: MetricsRegistry(),
      missing: { [] })
    for host in ["0.0.0.0", "::", "192.0.2.7"] {
      let error = #expect(throws: HTTPServerError.self) {
        try site.bind(Endpoint(host: host, port: 0), logger: .silent)
      }
      #expect(error?.code == .notLoopback && error?.message.contains("127.0.0.1") == true)
    }
    #expect(try site.bind(Endpoint(host: "127.0.0.1", port: 0), logger: .silent).listener.port != 0)
  }
}
