/// Whether configured servers are on this machine, which is all a demonstration may use.
package enum ServerLocality {
  /// True if every host is a loopback address or none is configured.
  package static func isLocal(bootstrapServers: String?) -> Bool {
    guard let bootstrapServers else { return true }
    let servers = bootstrapServers.split(separator: ",")
    return !servers.isEmpty
      && servers.allSatisfy { server in
        var address = server.drop { $0 == " " }
        // librdkafka takes a protocol in front: PLAINTEXT://host:port.
        if let range = address.firstRange(of: "://") { address = address[range.upperBound...] }
        return isLoopback(hostName(of: address))
      }
  }

  /// True if the connection string names only Unix sockets and loopback addresses, or nothing is configured.
  ///
  /// A string that names no host takes it from libpq's environment and files, so only an explicit one counts.
  package static func isLocal(postgresURL: String?) -> Bool {
    guard let url = postgresURL else { return true }
    let hosts = url.firstRange(of: "://") == nil ? hosts(ofWords: url) : hosts(ofURI: url)
    return !hosts.isEmpty
      && hosts.allSatisfy { $0.hasPrefix("/") || $0.lowercased().hasPrefix("%2f") || isLoopback(Substring($0)) }
  }

  private static func hosts(ofURI uri: String) -> [String] {
    guard let start = uri.firstRange(of: "://") else { return [] }
    var authority = uri[start.upperBound...].prefix { $0 != "/" && $0 != "?" }
    if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
    var hosts = authority.split(separator: ",").map { String(hostName(of: $0)) }.filter { !$0.isEmpty }
    let query = uri.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
    for item in query.split(separator: "&") {
      let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      switch pair[0] {
      case "host", "hostaddr": hosts += (pair.last ?? "").split(separator: ",").map(String.init)
      // A service file may name any host, and so may a key in disguise.
      case let key where key == "service" || key.contains("%"): hosts.append(String(key))
      default: break
      }
    }
    return hosts
  }

  private static func hosts(ofWords words: String) -> [String] {
    words.split(separator: " ").flatMap { word -> [String] in
      let pair = word.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, pair[0] == "host" || pair[0] == "hostaddr" else { return [] }
      return pair[1].split(separator: ",").map { $0.filter { $0 != "'" } }
    }
  }

  /// The host of `host:port` or `[v6]:port`.
  private static func hostName(of server: Substring) -> Substring {
    if server.hasPrefix("["), let end = server.firstIndex(of: "]") { return server[...end] }
    return server.prefix { $0 != ":" }
  }

  private static func isLoopback(_ host: Substring) -> Bool {
    if host == "localhost" || host == "[::1]" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
