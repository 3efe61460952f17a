import Cryptography
package import Migrations
package import PostgresIO
package import Telemetry

/// Why the schema cannot be used or changed. Safe to show.
package enum MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Some migrations were not applied yet.
  case pending(first: String, count: Int)
  /// The database knows a migration this program does not: the program is older than the schema.
  case newer(version: Int32, name: String)
  /// A migration differs from the file it was applied from.
  case altered(name: String)
  /// Another process migrates and did not finish in time.
  case locked
  /// A statement of a migration failed; all of that migration was undone.
  case failed(name: String, cause: String)

  package var description: String {
    switch self {
    case .pending(let first, let count):
      "the schema lacks \(count) migration\(count == 1 ? "" : "s"), the first is \(first): run `lectern migrate up`"
    case .newer(let version, let name):
      "the schema holds migration \(version) (\(name)), which this program does not know: use a newer lectern"
    case .altered(let name):
      "migration \(name) was changed after it was applied: restore the file, and write a new migration instead"
    case .locked: "another process holds the migration lock: wait for it to end, then try again"
    case .failed(let name, let cause): "migration \(name) failed and was undone: \(cause)"
    }
  }
}

/// One line of `lectern migrate status`.
package struct MigrationStatus: Sendable, Equatable {
  package let version: Int32
  package let name: String
  package let isApplied: Bool
}

/// Brings the schema to what this program needs, one transaction for each migration.
///
/// Only one process migrates: the advisory lock (1, 0) is tried again and again, never waited for in the server, where a
/// waiting statement would hold back others. The connection's user needs to create schemas, and roles once.
package struct MigrationRunner: Sendable {
  private let connection: PostgresConnection
  private let migrations: [Migration]
  private let logger: Logger

  /// How long one migration may run.
  private static let deadline: Duration = .seconds(3600)

  package init(connection: PostgresConnection, migrations: [Migration] = Migration.all, logger: Logger) {
    precondition(
      migrations.map(\.version) == migrations.indices.map { Int32($0 + 1) }, "migrations are numbered from 1 on")
    self.connection = connection
    self.migrations = migrations
    self.logger = logger
  }

  /// Applies what is missing; returns the names of what it applied. Throws `MigrationError` or `PostgresError`.
  @discardableResult
  package func up(lockDeadline: Duration = .seconds(30)) async throws -> [String] {
    try await lock(deadline: lockDeadline)
    do {
      var applied: [String] = []
      for migration in migrations.dropFirst(try await checkedCount()) {
        try await apply(migration)
        applied.append(migration.name)
      }
      try await connection.query("SELECT pg_advisory_unlock(1, 0)")
      return applied
    } catch {
      // A lost connection has lost the lock with it.
      _ = try? await connection.query("SELECT pg_advisory_unlock(1, 0)")
      throw error
    }
  }

  /// Every migration of this program, and whether it is applied. Throws like `verify`, except for pending ones.
  package func status() async throws -> [MigrationStatus] {
    let count = try await checkedCount()
    return migrations.map { MigrationStatus(version: $0.version, name: $0.name, isApplied: Int($0.version) <= count) }
  }

  /// Throws unless the schema is exactly what this program was built for.
  package func verify() async throws {
    let count = try await checkedCount()
    if count < migrations.count {
      throw MigrationError.pending(first: migrations[count].name, count: migrations.count - count)
    }
  }

  /// How many are applied, after comparing each with its file.
  private func checkedCount() async throws -> Int {
    let exists = try await connection.query("SELECT to_regclass('lectern.schema_migration') IS NOT NULL").single()
    guard try exists.decode(at: 0, as: Bool.self) else { return 0 }
    let rows = try await connection.query(
      "SELECT version, name, checksum FROM lectern.schema_migration ORDER BY version")
    for (index, row) in rows.enumerated() {
      let version: Int32 = try row.decode("version")
      let name: String = try row.decode("name")
      guard index < migrations.count else { throw MigrationError.newer(version: version, name: name) }
      let migration = migrations[index]
      guard version == migration.version, try row.decode("checksum", as: String.self) == migration.checksum else {
        throw MigrationError.altered(name: migration.name)
      }
    }
    return rows.count
  }

  private func apply(_ migration: Migration) async throws {
    logger.info("applying a migration", metadata: ["migration": .string(migration.name)])
    do {
      try await connection.withTransaction { connection in
        // The first creates the role that owns everything; the others run as it.
        if migration.version > 1 { try connection.execute("SET LOCAL ROLE lectern_migrator") }
        try connection.execute(migration.sql, deadline: Self.deadline)
        try connection.execute("RESET ROLE")
        try connection.query(
          "INSERT INTO lectern.schema_migration (version, name, checksum) VALUES ($1, $2, $3)",
          [.int4(migration.version), .text(migration.name), .text(migration.checksum)])
      }
    } catch let error as PostgresError where !error.connectionIsLost && !error.isTransient {
      throw MigrationError.failed(name: migration.name, cause: error.description)
    }
  }

  private func lock(deadline: Duration) async throws {
    let limit = ContinuousClock.now + deadline
    while true {
      let row = try await connection.query("SELECT pg_try_advisory_lock(1, 0)").single()
      if try row.decode(at: 0, as: Bool.self) { return }
      guard ContinuousClock.now < limit else { throw MigrationError.locked }
      try await Task.sleep(for: .milliseconds(100))
    }
  }
}

extension Migration {
  /// SHA-256 of the file, in hex.
  var checksum: String { Hex.encode(SHA256.hash(bytes)) }
}
