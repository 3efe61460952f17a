/// Where a server listens or is reached: a host and a port, written `host:port`, an IPv6 address in brackets.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
  /// A name or a numeric address, without brackets; never empty.
  package let host: String
  package let port: UInt16

  package init(host: String, port: UInt16) { (self.host, self.port) = (host, port) }

  /// Reads `host:port` to its end. Nil where either is missing or the port is no number up to 65535; whether the host
  /// is one is not asked.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let digits = text[text.index(after: colon)...]
    guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = UInt16(digits)
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard host.contains(":") else { return nil }
    } else if host.contains(where: { ":[]".contains($0) }) {
      return nil
    }
    guard !host.isEmpty else { return nil }
    self.init(host: String(host), port: port)
  }

  /// The host as it stands before a port: an IPv6 address in brackets.
  package var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }

  package var description: String { "\(bracketedHost):\(port)" }

  /// Whether only programs of this machine can reach it.
  package var isLoopback: Bool { Loopback.contains(host) }
}
