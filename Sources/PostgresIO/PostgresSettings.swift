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
  package var isWellFormed: Bool {
    guard let options = PQconninfoParse(url, nil) else { return false }
    PQconninfoFree(options)
    return true
  }

  package var description: String { "PostgreSQL as \(applicationName)" }
}
