import CPostgres

/// How to reach a database and how to behave on the connection.
package struct PostgresSettings: Sendable, CustomStringConvertible {
  /// A libpq connection string: a `postgresql://` URI or `key=value` words. May hold a password: never logged.
  package var url: String
  /// Replaces the connection string's database, if given.
  package var database: String?
  /// Shown in `pg_stat_activity`.
  package var applicationName: String
  /// A role to take on after connecting, such as `lectern_ingest`; nil stays the user of the connection string.
  package var role: String?
  /// The longest a connection attempt may take.
  package var connectDeadline: Duration
  /// The longest a statement may take before it is cancelled; nil never cancels.
  package var statementDeadline: Duration?
  /// The longest to wait for a lock (`lock_timeout`); nil is the server's default.
  package var lockTimeout: Duration?

  package init(
    url: String, database: String? = nil, applicationName: String = "lectern", role: String? = nil,
    connectDeadline: Duration = .seconds(10),
    statementDeadline: Duration? = .seconds(60), lockTimeout: Duration? = nil
  ) {
    self.url = url
    self.database = database
    self.applicationName = applicationName
    self.role = role
    self.connectDeadline = connectDeadline
    self.statementDeadline = statementDeadline
    self.lockTimeout = lockTimeout
  }

  /// Whether libpq can read the connection string; connects to nothing. What libpq would say of a bad one is not passed
  /// on, because it quotes from the string, which may hold a password.
  ///
  /// False too where a part of the password passes for a host, port or database, because it holds a character that is
  /// not percent-encoded: libpq would ask the resolver for it, and quote it in every message.
  package var isWellFormed: Bool {
    guard let options = PQconninfoParse(url, nil) else { return false }
    defer { PQconninfoFree(options) }
    if isURI, pathHoldsAt { return false }
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val.map({ String(cString: $0) }) {
        switch String(cString: keyword) {
        case "host", "hostaddr": if value.contains("@") { return false }
        case "port": if !Self.arePorts(value) { return false }
        default: break
        }
      }
      option += 1
    }
    return true
  }

  private var isURI: Bool { url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") }

  /// Whether an `@` follows the first slash of a URI, so that what stands before it passed for host and port.
  private var pathHoldsAt: Bool {
    let parts = url.prefix { $0 != "?" }.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    return parts.count == 4 && parts[3].contains("@")
  }

  /// One for all hosts, or one each; an empty one is the default.
  private static func arePorts(_ text: String) -> Bool {
    text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { port in
      port.allSatisfy { $0 == " " } || (UInt16(port.filter { $0 != " " }) ?? 0) > 0
    }
  }

  package var description: String { "PostgreSQL as \(applicationName)" }
}
