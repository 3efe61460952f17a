import Foundation

/// Where the server of a connection URI listens, and how to say the same URI with the proxy in between.
struct PostgresAddress: Sendable {
  private let host: String
  private let serverPort: UInt16
  private let credentials: String
  private let database: String

  enum Failure: Error { case notAURI }

  init(url: String) throws {
    guard let match = url.wholeMatch(of: #/postgres(?:ql)?://(?:([^@/?]*)@)?([^/?]*)(?:/([^?]*))?(?:\?(.*))?/#) else {
      throw Failure.notAURI
    }
    var words: [String: String] = [:]
    for pair in (match.output.4 ?? "").split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1).map { $0.removingPercentEncoding ?? String($0) }
      if parts.count == 2 { words[parts[0]] = parts[1] }
    }
    let authority = match.output.2.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let named = authority.first.map { $0.removingPercentEncoding ?? String($0) } ?? ""
    host = words["host"] ?? (named.isEmpty ? "/var/run/postgresql" : named)
    serverPort = UInt16(words["port"] ?? (authority.count > 1 ? String(authority[1]) : "")) ?? 5432
    credentials = match.output.1.map { "\($0)@" } ?? ""
    database = match.output.3.map(String.init) ?? ""
  }

  func url(throughPort port: UInt16) -> String {
    "postgresql://\(credentials)127.0.0.1:\(port)/\(database)?sslmode=disable&gssencmode=disable"
  }

  /// A connection to the server; negative if there is none to be had. Blocks.
  func connect() -> Int32 { host.hasPrefix("/") ? connectLocally() : connectByName() }

  private func connectLocally() -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array("\(host)/.s.PGSQL.\(serverPort)".utf8)
    guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return -1 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    return opened(descriptor, status)
  }

  private func connectByName() -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(serverPort)", &hints, &found) == 0, let first = found else { return -1 }
    defer { freeaddrinfo(found) }
    let descriptor = socket(first.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    let status = Glibc.connect(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen)
    if status == 0 { ProxySocket.setNoDelay(descriptor) }
    return opened(descriptor, status)
  }

  private func opened(_ descriptor: Int32, _ status: Int32) -> Int32 {
    if status == 0 { return descriptor }
    close(descriptor)
    return -1
  }
}
