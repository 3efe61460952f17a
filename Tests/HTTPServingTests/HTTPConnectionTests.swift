import HTTPServing
import Services
import Telemetry
import Testing

/// Connections that are slow, idle or many.
@Suite struct HTTPConnectionTests {
  /// Nothing but what a test sets closes a connection.
  static func patient() -> HTTPServerConfiguration {
    var configuration = HTTPServerConfiguration()
    configuration.idleTimeout = .seconds(600)
    configuration.requestDeadline = .seconds(600)
    configuration.answerDeadline = .seconds(600)
    return configuration
  }

  /// More than the buffers between server and client hold.
  static let page = HTTPResponse.text(String(repeating: "x", count: 12_000_000))

  static func large() -> Router {
    var router = HTTPServerTests.simple()
    router.on(.get, "/large") { _ in page }
    return router
  }

  /// A client that asks for the large page, sees it begin and takes no more of it.
  static func slowReader(_ port: UInt16) async throws -> RawClient.Connection {
    let reader = try RawClient.Connection(port: port, receiveBytes: 4096)
    #expect(reader.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    try await reader.waitForFirstByte()
    return reader
  }

  /// Headers that come byte by byte for ever: the connection ends though there is always traffic.
  @Test(arguments: [
    "GET / HTTP/1.1\r\nX: ", "G", "", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n",
  ])
  func aSlowRequestHasADeadlineAsAWhole(_ beginning: String) async throws {
    var configuration = Self.patient()
    configuration.requestDeadline = .milliseconds(400)
    try await HTTPServerTests.serving(HTTPServerTests.simple(), configuration) { port, _ in
      let slow = try RawClient.Connection(port: port)
      #expect(slow.send(beginning))
      var sent = 0
      // A minute at least, should nobody close it.
      while !slow.isEnded, sent < 3000 {
        _ = slow.send("a")
        sent += 1
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(slow.isEnded && sent < 3000)
      let answer = try await RawClient.exchange(port: port, HTTPServerTests.get("/"))
      #expect(answer.hasPrefix("HTTP/1.1 200"))
    }
  }

  /// The deadline begins anew with each answer, and the time of the handler does not count.
  @Test func aConnectionThatIsUsedStays() async throws {
    var router = HTTPServerTests.simple()
    router.on(.get, "/slow") { _ in
      try await Task.sleep(for: .seconds(1))
      return .text("done")
    }
    var configuration = Self.patient()
    configuration.requestDeadline = .milliseconds(500)
    try await HTTPServerTests.serving(router, configuration) { port, _ in
      let two = "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n" + HTTPServerTests.get("/slow")
      let answer = try await RawClient.exchange(port: port, two)
      #expect(answer.ranges(of: "HTTP/1.1 200 OK").count == 2)
    }
  }

  @Test func theOldestIdleConnectionMakesRoom() async throws {
    var configuration = Self.patient()
    configuration.maximumConnections = 8
    try await HTTPServerTests.serving(HTTPServerTests.simple(), configuration) { port, _ in
      let first = try RawClient.Connection(port: port)
      var others: [RawClient.Connection] = []
      for _ in 0..<200 { others.append(try RawClient.Connection(port: port)) }
      #expect(try await first.waitForEnd().isEmpty)
      for _ in 0..<20 {
        let answer = try await RawClient.exchange(port: port, HTTPServerTests.get("/"))
        #expect(answer.hasPrefix("HTTP/1.1 200"))
      }
      withExtendedLifetime(others) {}
    }
  }

  /// Readers that take nothing of a page hold neither a place for ever nor those who come later.
  @Test func slowReadersKeepNobodyOut() async throws {
    var configuration = Self.patient()
    configuration.maximumConnections = 8
    try await HTTPServerTests.serving(Self.large(), configuration) { port, _ in
      var readers: [RawClient.Connection] = []
      for _ in 0..<20 { readers.append(try await Self.slowReader(port)) }
      let answer = try await RawClient.exchange(port: port, HTTPServerTests.get("/"))
      #expect(answer.hasPrefix("HTTP/1.1 200"))
      withExtendedLifetime(readers) {}
    }
  }

  @Test(.timeLimit(.minutes(5))) func anAnswerThatNobodyTakesIsCutOff() async throws {
    var configuration = Self.patient()
    configuration.answerDeadline = .milliseconds(300)
    try await HTTPServerTests.serving(Self.large(), configuration) { port, _ in
      let reader = try await Self.slowReader(port)
      while try reader.isEstablishedAtServer { try await Task.sleep(for: .milliseconds(50)) }
      #expect(try await reader.waitForEnd().utf8.count < Self.page.body.count)
    }
  }

  /// As many requests as the library takes connections, all in work at once: when they are answered, those who wait
  /// come in although nobody who was served leaves.
  @Test(.timeLimit(.minutes(5))) func whoeverWasServedAllAtOnceKeepsNobodyOut() async throws {
    let (waiting, gate) = AsyncStream<Void>.makeStream()
    let opened = Task { for await _ in waiting {} }
    var router = HTTPServerTests.simple()
    router.on(.get, "/busy") { _ in
      await opened.value
      return .text("done")
    }
    var configuration = Self.patient()
    configuration.maximumConnections = 4
    configuration.handlerDeadline = .seconds(600)
    try await HTTPServerTests.serving(router, configuration) { port, _ in
      // More than the limit and what the library may hold beyond it.
      var clients: [RawClient.Connection] = []
      for _ in 0..<40 {
        let client = try RawClient.Connection(port: port)
        #expect(client.send("GET /busy HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        clients.append(client)
      }
      async let late = RawClient.exchange(port: port, HTTPServerTests.get("/"))
      gate.finish()
      #expect(try await late.hasPrefix("HTTP/1.1 200"))
      withExtendedLifetime(clients) {}
    }
  }
}
