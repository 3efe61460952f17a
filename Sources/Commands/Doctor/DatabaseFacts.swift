import Configuration
import LearningEvents
package import Persistence
import PostgresIO

/// What `lectern doctor` asks of a PostgreSQL beside its schema, and what it says of it.
package struct DatabaseFacts: Sendable {
  /// As `server_version_num` has it, such as 150014.
  package var version: Int32
  /// As `server_encoding` has it.
  package var encoding: String
  package var login: String
  package var isSuperuser: Bool
  package var mayCreateRoles: Bool
  /// Whether the login may give `lectern_audit_owner` to whom it likes, as who made it may on PostgreSQL 16 and newer.
  package var mayGiveAuditLogAway: Bool
  /// Those there are, and whether the login may take each on.
  package var roles: [DatabaseRole: Bool]
  /// Whether the configured pseudonym secret is the database's; nil where none is configured, or none was used yet.
  package var secretIsItsOwn: Bool?
  /// How far the server's clock is ahead of this machine's.
  package var clockDifference: Duration

  package init(
    version: Int32, encoding: String = "UTF8", login: String, isSuperuser: Bool = false, mayCreateRoles: Bool = false,
    mayGiveAuditLogAway: Bool = false, roles: [DatabaseRole: Bool], secretIsItsOwn: Bool? = nil,
    clockDifference: Duration = .zero
  ) {
    (self.version, self.encoding, self.login, self.roles) = (version, encoding, login, roles)
    (self.isSuperuser, self.mayCreateRoles) = (isSuperuser, mayCreateRoles)
    self.mayGiveAuditLogAway = mayGiveAuditLogAway
    (self.secretIsItsOwn, self.clockDifference) = (secretIsItsOwn, clockDifference)
  }

  /// The versions that tests run on.
  private static let tested = 15...18
  /// Frames are judged by the database's clock and waited for by the worker's.
  private static let clockTolerance = Duration.seconds(2)

  package var findings: [Finding] { [server, text, rolesFound] + [secret].compactMap(\.self) + [clocks] }

  private var major: Int { Int(version) / 10_000 }

  private var server: Finding {
    let subject = "PostgreSQL version"
    let detail = "\(major).\(version % 10_000)"
    if major < Self.tested.lowerBound {
      return .missing(subject, detail, remedy: "use \(Self.tested.lowerBound) or newer")
    }
    if major > Self.tested.upperBound {
      return .warning(
        subject, "\(detail), newer than any that Lectern was tested with",
        remedy: "try 'lectern migrate up' and 'lectern verify' on a copy first")
    }
    return .good(subject, detail)
  }

  private var text: Finding {
    encoding == "UTF8"
      ? .good("database encoding", encoding)
      : .missing(
        "database encoding", "\(encoding), which has no place for every id and title",
        remedy: MigrationError.remedyOfEncoding)
  }

  private var rolesFound: Finding {
    let subject = "database roles"
    let absent = DatabaseRole.allCases.filter { roles[$0] == nil }
    guard absent.isEmpty else {
      return .missing(
        subject, "not there: \(absent.map(\.rawValue).joined(separator: ", "))",
        remedy: "'lectern migrate up' makes them, or an administrator does (docs/operations.md)")
    }
    if isSuperuser {
      return .warning(
        subject, "\(login) is a superuser: its programs may do more than their work needs",
        remedy: "give each program a login with its role alone (docs/operations.md)")
    }
    let own = DatabaseRole.allCases.filter { roles[$0] == true }
    guard !own.isEmpty else {
      return .missing(
        subject, "\(login) may take on none",
        remedy: "GRANT the role of what it is to run, such as \(DatabaseRole.ingest.rawValue), TO \(login)")
    }
    let detail = "\(login) may take on \(own.map(\.rawValue).joined(separator: ", "))"
    if own.contains(.auditOwner) {
      return .warning(
        subject, "\(detail): whoever uses it can change the audit log",
        remedy: "REVOKE \(DatabaseRole.auditOwner.rawValue) FROM \(login)")
    }
    if mayGiveAuditLogAway {
      return .warning(
        subject, "\(detail), and give itself \(DatabaseRole.auditOwner.rawValue): it can change the audit log",
        remedy: "REVOKE \(DatabaseRole.auditOwner.rawValue) FROM \(login), as an administrator")
    }
    if mayCreateRoles, major < 16 {
      return .warning(
        subject, "\(detail), and create roles: on PostgreSQL \(major) it may become any role but a superuser",
        remedy: "ALTER ROLE \(login) NOCREATEROLE")
    }
    return .good(subject, detail)
  }

  private var secret: Finding? {
    secretIsItsOwn.map { isOwn in
      isOwn
        ? .good("pseudonym secret", "the one that this database was begun with")
        : .missing(
          "pseudonym secret", "not the one that this database was begun with",
          remedy: "set \(Keys.pseudonymSecret.name) to that one; it cannot be changed")
    }
  }

  private var clocks: Finding {
    let milliseconds = clockDifference / .milliseconds(1)
    let detail =
      "the server's is \(abs(Int(milliseconds.rounded()))) ms \(milliseconds < 0 ? "behind" : "ahead of") this machine's"
    guard abs(milliseconds) > Self.clockTolerance / .milliseconds(1) else { return .good("clocks", detail) }
    return .warning("clocks", detail, remedy: "have both set by the same time server")
  }
}

extension DatabaseFacts {
  /// Asks over a connection that has taken no role on.
  ///
  /// - Parameters:
  ///   - secret: the fingerprint of the configured pseudonym secret; nil where none is.
  ///   - clock: this machine's.
  init(
    on connection: PostgresConnection, secret: String?, clock: @Sendable () -> EventTime
  ) async throws(PostgresError) {
    let (before, start) = (clock(), ContinuousClock.now)
    let row = try await connection.query(
      """
      SELECT clock_timestamp() AS now, current_setting('server_version_num')::integer AS version,
        current_setting('server_encoding') AS encoding, rolname::text AS login, rolsuper AS is_super,
        rolcreaterole AS may_create
      FROM pg_roles WHERE rolname = session_user
      """
    ).single()
    let middle = before.advanced(by: start.duration(to: .now) / 2)
    let version: Int32 = try row.decode("version")
    var roles: [DatabaseRole: Bool] = [:]
    var mayGiveAuditLogAway = false
    for found in try await connection.query(
      """
      SELECT rolname::text AS role, pg_has_role(oid, $2) AS may, pg_has_role(oid, 'MEMBER WITH ADMIN OPTION') AS may_give
      FROM pg_roles WHERE rolname = ANY ($1)
      """,
      [.texts(DatabaseRole.allCases.map(\.rawValue)), .text(version >= 160_000 ? "SET" : "MEMBER")])
    {
      guard let role = DatabaseRole(rawValue: try found.decode("role")) else { continue }
      roles[role] = try found.decode("may")
      if role == .auditOwner { mayGiveAuditLogAway = try found.decode("may_give") }
    }
    self.init(
      version: version, encoding: try row.decode("encoding"), login: try row.decode("login"),
      isSuperuser: try row.decode("is_super"), mayCreateRoles: try row.decode("may_create"),
      mayGiveAuditLogAway: mayGiveAuditLogAway, roles: roles,
      clockDifference: try row.decode("now", as: EventTime.self).duration(since: middle))
    let reader = [DatabaseRole.ingest, .aggregator].first { roles[$0] == true }
    if let secret, let reader {
      // A database without its schema has no such function; the schema is another finding.
      let known = try? await connection.query("SET ROLE \"\(reader.rawValue)\"")
      if known != nil {
        secretIsItsOwn = try? await IngestRepository(connection: connection).knowsSecretFingerprint(secret)
      }
    }
  }
}
