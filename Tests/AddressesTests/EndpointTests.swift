import Addresses
import Testing

@Suite struct EndpointTests {
  @Test(arguments: [
    ("127.0.0.1:8080", "127.0.0.1", 8080, true), ("localhost:0", "localhost", 0, true),
    ("[::1]:9101", "::1", 9101, true),
    ("0.0.0.0:9101", "0.0.0.0", 9101, false), ("[::]:65535", "::", 65535, false),
    ("worker.example:1", "worker.example", 1, false),
    ("127.9.9.9:1", "127.9.9.9", 1, true), ("[0:0:0:0:0:0:0:1]:8080", "0:0:0:0:0:0:0:1", 8080, true),
    ("[::0001]:1", "::0001", 1, true), ("[::2]:1", "::2", 1, false), ("[::127.0.0.1]:1", "::127.0.0.1", 1, false),
  ])
  func isReadAndWritten(_ text: String, _ host: String, _ port: UInt16, _ isLoopback: Bool) throws {
    let endpoint = try #require(Endpoint(text))
    #expect(endpoint == Endpoint(host: host, port: port) && endpoint.description == text)
    #expect(endpoint.isLoopback == isLoopback)
  }

  @Test(arguments: [
    "", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+80", "127.0.0.1:٣", "::1:9101",
    "[::1]", "[::1]x:9101", "[localhost]:1", "[]:1", "a:1:2", "127.0.0.1:080808", "[::1:9",
  ])
  func whatIsNoneIsRefused(_ text: String) { #expect(Endpoint(text) == nil) }

  @Test(arguments: [
    "127.1", "127.0.0.1.example", "127.example", "0.0.0.0", "::ffff:127.0.0.1", "LOCALHOST.example", "127.0.0.256", "",
    "127.0.0.+1", "10.0.0.1", "127.0.0.010", "127.0.0.1\0.example", "::1%lo", "[::1]", " 127.0.0.1", "::ffff:7f00:1",
  ])
  func otherHostsAreNotThisMachine(_ host: String) { #expect(!Loopback.contains(host)) }
}
