import HTTPServing
import Telemetry
import Testing

@Suite struct HTTPApplicationTests {
  struct Secret: Error, CustomStringConvertible { var description: String { "relation lectern.secret" } }

  static func application(
    metrics: MetricsRegistry = MetricsRegistry(), hosts: Set<String>? = nil
  ) -> HTTPApplication {
    var router = Router()
    router.on(.get, "/") { _ in .html("<p>home</p>") }
    router.on(.get, "/courses/{id}/report") { .text($0.parameters["id"] ?? "-") }
    router.on(.post, "/courses/{id}") { _ in .text("posted") }
    router.on(.get, "/fails") { _ in throw Secret() }
    router.on(.get, "/stops") { _ in throw CancellationError() }
    return HTTPApplication(router: router, allowedHosts: hosts, metrics: metrics, logger: .silent)
  }

  static func text(_ response: HTTPResponse) -> String { String(decoding: response.body, as: UTF8.self) }

  @Test func routesMatchLiteralsAndParameters() async {
    let app = Self.application()
    #expect(Self.text(await app.respond(to: HTTPRequest(path: ["courses", "a/b", "report"]))) == "a/b")
    #expect(await app.respond(to: HTTPRequest(path: ["courses", "7"])).status == .methodNotAllowed)
    #expect(await app.respond(to: HTTPRequest(path: ["nothing"])).status == .notFound)
    #expect(await app.respond(to: HTTPRequest(path: [])).status == .ok)
    #expect(Self.text(await app.respond(to: HTTPRequest(method: .post, path: ["courses", "7"]))) == "posted")
  }

  @Test func aWrongMethodNamesTheRightOnes() async {
    let response = await Self.application().respond(to: HTTPRequest(method: .delete, path: []))
    #expect(response.status == .methodNotAllowed && response.headers["Allow"] == "GET, HEAD")
  }

  @Test func errorsKeepTheirWordsToThemselves() async {
    let response = await Self.application().respond(to: HTTPRequest(path: ["fails"]))
    #expect(response.status == .internalError)
    #expect(!Self.text(response).contains("lectern"))
    #expect(await Self.application().respond(to: HTTPRequest(path: ["stops"])).status == .unavailable)
  }

  @Test func anUnchangedPageIsNotSentAgain() async throws {
    let app = Self.application()
    let first = await app.respond(to: HTTPRequest(path: []))
    let tag = try #require(first.headers["etag"])
    for known in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
      let second = await app.respond(to: HTTPRequest(path: [], headers: ["If-None-Match": known]))
      #expect(second.status == .notModified && second.body.isEmpty && second.headers["ETag"] == tag)
    }
    let other = await app.respond(to: HTTPRequest(path: [], headers: ["If-None-Match": "\"x\""]))
    #expect(other.status == .ok && !other.body.isEmpty)
  }

  @Test(arguments: [["nothing"], [], ["fails"]])
  func everyAnswerCarriesTheSecurityHeaders(_ path: [String]) async {
    let headers = await Self.application().respond(to: HTTPRequest(path: path)).headers
    #expect(headers["Content-Security-Policy"]?.hasPrefix("default-src 'none'") == true)
    #expect(headers["content-security-policy"]?.contains("unsafe") == false)
    #expect(headers["X-Content-Type-Options"] == "nosniff")
    #expect(headers["Cache-Control"] == "private, no-cache")
    #expect(headers["Referrer-Policy"] == "no-referrer")
  }

  @Test func anotherHostNameIsTurnedAway() async {
    let app = Self.application(hosts: ["localhost", "127.0.0.1", "[::1]"])
    for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:80", "[::1]"] {
      #expect(await app.respond(to: HTTPRequest(path: [], headers: ["Host": host])).status == .ok, "\(host)")
    }
    for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "[::2]", "localhost.", "::1"] {
      let status = await app.respond(to: HTTPRequest(path: [], headers: ["Host": host])).status
      #expect(status == (host == "::1" ? .badRequest : .misdirected), "\(host)")
    }
    #expect(await app.respond(to: HTTPRequest(path: [])).status == .misdirected)
  }

  /// What names no host is refused by every listener, also by one that answers to any name.
  @Test(arguments: [
    "", "[::1", "[::1].evil.example", "[::1]evil", "[]", "[localhost]", "localhost:99999999", "localhost:65536",
    "localhost:", "localhost:+80", "localhost:80:80", "127.0.0.1:1,evil", "127.0.0.1,evil", "localhost/evil",
    "user@localhost", "local host", "localhost:8080 ", "localhost:٣", "\u{212A}.example",
  ])
  func aHostIsReadToItsEnd(host: String) async {
    for hosts in [["localhost", "127.0.0.1", "[::1]"], nil] as [Set<String>?] {
      let app = Self.application(hosts: hosts)
      #expect(await app.respond(to: HTTPRequest(path: [], headers: ["Host": host])).status == .badRequest)
    }
  }

  @Test func whereOtherMachinesAskAnyHostWillDo() async {
    let app = Self.application()
    for host in ["worker-3.lectern.svc.cluster.local:9101", "10.1.2.3:9101", "[2001:db8::7]:9101", "a_b", "localhost"] {
      #expect(await app.respond(to: HTTPRequest(path: [], headers: ["Host": host])).status == .ok, "\(host)")
    }
    #expect(await app.respond(to: HTTPRequest(path: [])).status == .ok)
  }

  @Test func metricsNameRoutesAndNeverPaths() async {
    let metrics = MetricsRegistry()
    let app = Self.application(metrics: metrics)
    _ = await app.respond(to: HTTPRequest(path: ["courses", "very-private", "report"]))
    _ = await app.respond(to: HTTPRequest(path: ["guess", "very-private"]))
    let text = metrics.prometheusText()
    #expect(
      text.contains(
        "lectern_http_requests_total{method=\"GET\",route=\"/courses/{id}/report\",status=\"2xx\"} 1"))
    #expect(text.contains("route=\"other\",status=\"4xx\"} 1"))
    #expect(!text.contains("private"))
  }
}

@Suite struct MonitoringTests {
  @Test func aMonitorAsksForMetricsLifeAndReadiness() async {
    for missing in [[], ["Kafka cannot be reached", "PostgreSQL cannot be reached"]] {
      var router = Router()
      router.addMonitoring(metrics: MetricsRegistry()) { missing }
      let app = HTTPApplication(
        router: router, allowedHosts: nil, metrics: MetricsRegistry(), logger: .silent)
      func get(_ path: String) async -> (HTTPStatus, String) {
        let response = await app.respond(to: HTTPRequest(path: [path]))
        return (response.status, String(decoding: response.body, as: UTF8.self))
      }
      #expect(await get("metrics").0 == .ok)
      #expect(await get("live") == (.ok, "live\n"))
      #expect(
        await get("ready")
          == (missing.isEmpty
            ? (.ok, "ready\n") : (.unavailable, "Kafka cannot be reached\nPostgreSQL cannot be reached\n")))
    }
  }
}
