import HTTPServing
import Telemetry
import Testing

/// What no request may be, over a socket: a second request behind such a one is never answered.
@Suite struct HTTPRequestRulesTests {
  private static let host = "Host: localhost\r\n"

  /// Each as the lines behind the first.
  static let refused: [(name: String, lines: String)] = [
    ("two hosts", "\(host)Host: evil.example\r\n\r\n"), ("the same host twice", "\(host)host: localhost\r\n\r\n"),
    ("two lengths", "\(host)Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd"),
    ("one length twice", "\(host)Content-Length: 4\r\ncontent-length: 4\r\n\r\nabcd"),
    ("a list of lengths", "\(host)Content-Length: 4, 4\r\n\r\nabcd"),
    ("a signed length", "\(host)Content-Length: +4\r\n\r\nabcd"),
    ("length, then chunks", "\(host)Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("chunks, then length", "\(host)Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"),
    ("two encodings", "\(host)Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("another encoding", "\(host)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    ("another k", "\(host)Transfer-Encoding: chun\u{212A}ed\r\n\r\n0\r\n\r\n"),
    ("no encoding", "\(host)Transfer-Encoding: identity\r\n\r\n"),
    ("NUL in a value", "\(host)X: a\0b\r\n\r\n"), ("NUL at the end of a value", "X: a\0\r\n\(host)\r\n"),
    ("NUL and a field behind it", "\(host)X: a\0\nTransfer-Encoding: chunked\r\nY: z\0\r\n\r\n"),
    ("NUL in the host", "Host: localhost\0.evil.example\r\n\r\n"), ("NUL in a name", "\(host)X\0Y: a\r\n\r\n"),
    ("a control in a value", "\(host)X: a\u{1}b\r\n\r\n"), ("DEL in a value", "\(host)X: a\u{7F}b\r\n\r\n"),
    ("CR in a value", "\(host)X: a\rY: b\r\n\r\n"), ("a blank before the colon", "\(host)X : a\r\n\r\n"),
    ("a control in a name", "\(host)X\u{1}: a\r\n\r\n"), ("a blank in a name", "\(host)X Y: a\r\n\r\n"),
    ("a folded line", "\(host)X: a\r\n b\r\n\r\n"), ("no colon", "\(host)X\r\n\r\n"), ("no name", "\(host): a\r\n\r\n"),
    ("a crooked host", "Host: [::1].evil.example\r\n\r\n"), ("no host", "\r\n"),
  ]

  @Test(arguments: refused.map(\.name))
  func isRefusedAndTheConnectionClosed(_ name: String) async throws {
    let lines = try #require(Self.refused.first { $0.name == name }).lines
    try await HTTPServerTests.serving(HTTPServerTests.simple()) { port, _ in
      for method in ["GET", "POST"] {
        let second = "GET /echo/second HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        let answer = try await RawClient.exchange(port: port, "\(method) / HTTP/1.1\r\n\(lines)\(second)")
        #expect(answer.hasPrefix("HTTP/1.1 400"), "\(method): \(answer)")
        #expect(!answer.contains("200 OK") && !answer.contains("second"), "\(method): \(answer)")
      }
    }
  }

  /// Whoever speaks an older version takes chunks for the next request.
  @Test func chunksInAnOlderVersionAreRefused() async throws {
    try await HTTPServerTests.serving(HTTPServerTests.simple()) { port, _ in
      for kept in ["", "Connection: keep-alive\r\n"] {
        let chunks = "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        let first = "POST / HTTP/1.0\r\n\(Self.host)\(kept)\(chunks)"
        let answer = try await RawClient.exchange(port: port, first + HTTPServerTests.get("/echo/second"))
        #expect(answer.contains(" 400 ") && !answer.contains("200 OK") && !answer.contains("second"), "\(answer)")
      }
      let plain = "POST / HTTP/1.0\r\n\(Self.host)Content-Length: 3\r\n\r\nabc"
      #expect(try await RawClient.exchange(port: port, plain).hasSuffix("posted"))
    }
  }

  @Test(arguments: ["/\0", "/echo/a\0b", "/?q=a\0b", "/\0?q", "/?\0"])
  func aTargetWithNULIsRefused(_ target: String) async throws {
    try await HTTPServerTests.serving(HTTPServerTests.simple()) { port, _ in
      let answer = try await RawClient.exchange(port: port, HTTPServerTests.get(target))
      #expect(answer.hasPrefix("HTTP/1.1 400"), "\(answer)")
    }
  }

  /// What looks odd and is a request all the same, also as the second on a connection.
  @Test(arguments: [
    "Cookie: a=b; c=\"d\"; e\r\n", "X:\r\n", "X:  \t a b \t\r\n", "X-É: no\r\n".replacing("É", with: "E"), "X: é\r\n",
    "X: 1\r\nX: 2\r\nx: 3\r\n", "X: 1\nY: 2\n", "Connection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\n",
    String(repeating: "X: \(String(repeating: "y", count: 1000))\r\n", count: 14),
    (0..<90).map { "X-\($0): \($0)\r\n" }.joined(),
  ])
  func otherHeadersAreTaken(_ lines: String) async throws {
    try await HTTPServerTests.serving(HTTPServerTests.simple()) { port, _ in
      for target in ["/", "/?", "/?a&&b=&=c", "/echo/x?q=1"] {
        let first = "GET \(target) HTTP/1.1\r\nHost: localhost:8080\r\n\(lines)\r\n"
        let answer = try await RawClient.exchange(port: port, first + HTTPServerTests.get("/", lines))
        #expect(answer.ranges(of: "HTTP/1.1 200 OK").count == 2, "\(target): \(answer)")
      }
      let plain = try await RawClient.exchange(port: port, "GET / HTTP/1.0\n\n")
      #expect(plain.contains(" 200 OK"), "\(plain)")
      let body = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(lines)"
      for rest in ["Content-Length: 3\r\n\r\nabc", "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"] {
        let posted = try await RawClient.exchange(port: port, body + rest)
        #expect(posted.hasSuffix("posted"), "\(posted)")
      }
    }
  }
}
