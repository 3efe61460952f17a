import HTTPServing
import Services
import Synchronization
import Telemetry
import Testing

@Suite struct HTTPServerTests {
  /// Serves `router` while the body runs, then stops, and fails if stopping hangs.
  static func serving(
    _ router: Router, _ configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
    _ body: (UInt16, ServiceGroup) async throws -> Void
  ) async throws {
    let listener = try HTTPListener.bind()
    let application = HTTPApplication(router: router, metrics: MetricsRegistry(), logger: .silent)
    let server = HTTPServer(
      listener: listener, application: application, configuration: configuration, logger: .silent)
    let group = ServiceGroup(services: [server], gracefulShutdownSignals: [], logger: .silent)
    let running = Task { try await group.run() }
    do {
      try await body(listener.port, group)
    } catch {
      group.triggerGracefulShutdown()
      try await running.value
      throw error
    }
    group.triggerGracefulShutdown()
    try await running.value
  }

  static func simple() -> Router {
    var router = Router()
    router.on(.get, "/") { _ in .html("<p>home</p>") }
    router.on(.get, "/echo/{text}") { .text($0.parameters["text"] ?? "") }
    router.on(.post, "/") { _ in .text("posted") }
    return router
  }

  static func get(_ target: String, _ more: String = "") -> String {
    "GET \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(more)\r\n"
  }

  @Test func servesPagesOverASocket() async throws {
    try await Self.serving(Self.simple()) { port, _ in
      #expect(port != 0)
      let home = try await RawClient.exchange(port: port, Self.get("/"))
      #expect(home.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(home.contains("Content-Type: text/html; charset=utf-8\r\n") && home.contains("\r\nETag: "))
      #expect(home.hasSuffix("\r\n\r\n<p>home</p>"))
      let echo = try await RawClient.exchange(port: port, Self.get("/echo/a%2Fb?q=%C3%A9+x&q=2"))
      #expect(echo.hasSuffix("\r\n\r\na/b"))
      let head = try await RawClient.exchange(
        port: port, "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
      #expect(head.contains("Content-Length: 11") && head.hasSuffix("\r\n\r\n"))
      let missing = try await RawClient.exchange(port: port, Self.get("/none"))
      #expect(missing.hasPrefix("HTTP/1.1 404"))
    }
  }

  @Test func oneConnectionServesSeveralRequests() async throws {
    try await Self.serving(Self.simple()) { port, _ in
      let two = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + Self.get("/echo/second")
      let answer = try await RawClient.exchange(port: port, two)
      #expect(answer.ranges(of: "HTTP/1.1 200 OK").count == 2 && answer.contains("second"))
    }
  }

  @Test func requestsBeyondTheLimitsAreRefused() async throws {
    var configuration = HTTPServerConfiguration()
    configuration.limits.bodyBytes = 1000
    configuration.limits.headerFields = 20
    configuration.limits.pathBytes = 200
    try await Self.serving(Self.simple(), configuration) { port, _ in
      func status(_ request: String) async throws -> String {
        String(try await RawClient.exchange(port: port, request).prefix(12))
      }
      let long = String(repeating: "a", count: 201)
      let answer1 = try await status(Self.get("/\(long)"))
      #expect(answer1 == "HTTP/1.1 414")
      let many = (0..<30).map { "X-\($0): y\r\n" }.joined()
      let answer2 = try await status(Self.get("/", many))
      #expect(answer2 == "HTTP/1.1 431")
      let answer3 = try await status(Self.get("/", "X: \(String(repeating: "y", count: 40_000))\r\n"))
      #expect(answer3 == "HTTP/1.1 431")
      let post = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
      let answer4 = try await status(post + "Content-Length: 1001\r\n\r\n")
      #expect(answer4 == "HTTP/1.1 413")
      let chunk = "3e9\r\n" + String(repeating: "z", count: 1001) + "\r\n0\r\n\r\n"
      let answer5 = try await status(post + "Transfer-Encoding: chunked\r\n\r\n" + chunk)
      #expect(answer5 == "HTTP/1.1 413")
      let fits = try await RawClient.exchange(
        port: port, post + "Content-Length: 1000\r\n\r\n" + String(repeating: "z", count: 1000))
      #expect(fits.hasSuffix("\r\n\r\nposted"))
      let answer6 = try await status("BREW / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
      #expect(answer6 == "HTTP/1.1 501")
      for crooked in ["/a/../b", "/?q=%zz", "/?%ff=1"] {
        let answer7 = try await status(Self.get(crooked))
        #expect(answer7 == "HTTP/1.1 400", "\(crooked)")
      }
      let answer8 = try await status(Self.get("/"))
      #expect(answer8 == "HTTP/1.1 200")
    }
  }

  @Test func aSlowHandlerIsAnsweredForAndCancelled() async throws {
    let cancelled = AsyncStream<Void>.makeStream()
    var router = Self.simple()
    router.on(.get, "/slow") { _ in
      do { try await Task.sleep(for: .seconds(600)) } catch { cancelled.continuation.finish() }
      return .text("late")
    }
    var configuration = HTTPServerConfiguration()
    configuration.handlerDeadline = .milliseconds(50)
    try await Self.serving(router, configuration) { port, _ in
      let answer9 = try await RawClient.exchange(port: port, Self.get("/slow"))
      #expect(answer9.hasPrefix("HTTP/1.1 503"))
      for await _ in cancelled.stream {}
      let answer10 = try await RawClient.exchange(port: port, Self.get("/"))
      #expect(answer10.hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test func stoppingLetsARequestInProgressFinish() async throws {
    let entered = AsyncStream<Void>.makeStream()
    let release = AsyncStream<Void>.makeStream()
    var router = Router()
    router.on(.get, "/held") { _ in
      entered.continuation.finish()
      for await _ in release.stream {}
      return .text("finished")
    }
    try await Self.serving(router) { port, group in
      async let answer = RawClient.exchange(port: port, Self.get("/held"))
      for await _ in entered.stream {}
      group.triggerGracefulShutdown()
      release.continuation.finish()
      let answer11 = try await answer
      #expect(answer11.hasSuffix("finished"))
    }
  }

  @Test func stoppingAnswersWhatDoesNotFinish() async throws {
    let entered = AsyncStream<Void>.makeStream()
    let cancelled = AsyncStream<Void>.makeStream()
    var router = Router()
    router.on(.get, "/stuck") { _ in
      entered.continuation.finish()
      do { try await Task.sleep(for: .seconds(600)) } catch { cancelled.continuation.finish() }
      return .text("never")
    }
    var configuration = HTTPServerConfiguration()
    configuration.stopGrace = .milliseconds(50)
    try await Self.serving(router, configuration) { port, group in
      async let answer = RawClient.exchange(port: port, Self.get("/stuck"))
      for await _ in entered.stream {}
      group.triggerGracefulShutdown()
      let answer12 = try await answer
      #expect(answer12.hasPrefix("HTTP/1.1 503"))
      for await _ in cancelled.stream {}
    }
  }

  @Test func clientsThatLeaveDoNoHarm() async throws {
    let count = Mutex(0)
    var router = Self.simple()
    router.on(.get, "/counted") { _ in
      count.withLock { $0 += 1 }
      return .text(String(repeating: "x", count: 500_000))
    }
    try await Self.serving(router) { port, _ in
      for _ in 0..<20 { try await RawClient.abandon(port: port, Self.get("/counted")) }
      let answer13 = try await RawClient.exchange(port: port, Self.get("/"))
      #expect(answer13.hasPrefix("HTTP/1.1 200"))
    }
    #expect(count.withLock { $0 } <= 20)
  }

  @Test func manyRequestsAtOnceAllGetTheirAnswer() async throws {
    var router = Router()
    router.on(.get, "/n/{n}") { request in
      await Task.yield()
      return .text("n=\(request.parameters["n"] ?? "")")
    }
    try await Self.serving(router) { port, _ in
      let good = try await withThrowingTaskGroup { group in
        for n in 0..<100 {
          group.addTask { try await RawClient.exchange(port: port, Self.get("/n/\(n)")).hasSuffix("n=\(n)") }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(good == 100)
    }
  }

  @Test func aTakenPortIsSaidSo() throws {
    let first = try HTTPListener.bind()
    let error = try #require(throws: HTTPServerError.self) { try HTTPListener.bind(port: first.port) }
    #expect(error.code == .addressInUse)
    #expect(error.message.contains("port \(first.port)") && error.message.contains("choose another port"))
  }

  @Test func onlyThisMachine() throws {
    for host in ["0.0.0.0", "192.0.2.1", "::", "::ffff:192.0.2.1"] {
      let error = #expect(throws: HTTPServerError.self) { try HTTPListener.bind(host: host) }
      #expect(error?.code == .notLoopback)
    }
    let named = #expect(throws: HTTPServerError.self) { try HTTPListener.bind(host: "example.org") }
    #expect(named?.code == .badAddress)
    for host in ["0.0.0.0", "::"] {
      let listener = try HTTPListener.bind(host: host, reach: .everybody)
      #expect(!listener.isLoopback && listener.port != 0)
    }
    #expect(try HTTPListener.bind(host: "127.0.0.9").ownNames.contains("127.0.0.9"))
    #expect(try HTTPListener.bind(host: "127.0.0.9").url.hasPrefix("http://127.0.0.9:"))
    #expect(try HTTPListener.bind(host: "localhost").url.hasPrefix("http://localhost:"))
  }
}
