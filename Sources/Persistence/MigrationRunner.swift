import Cryptography
package import Migrations
package import PostgresIO
package import Telemetry

/// One line of `lectern migrate status`: a migration, a function or a view.
package struct SchemaStatus: Sendable, Equatable {
  package enum State: String, Sendable {
    /// As this program has it.
    case applied
    /// Not there yet.
    case missing
    /// Another than this program has; `migrate up` replaces it.
    case outdated
    /// Changed or dropped by hand since it was applied; `migrate up` restores it.
    case redefined
    /// This program has no such function or view; `migrate up` drops it.
    case surplus
  }

  package let name: String
  package let state: State

  package init(name: String, state: State) { (self.name, self.state) = (name, state) }
}

/// One thing that `lectern migrate up` did.
package enum SchemaChange: Sendable, Equatable, CustomStringConvertible {
  case applied(String)
  case dropped(String)

  package var description: String {
    switch self {
    case .applied(let name): "applied \(name)"
    case .dropped(let name): "dropped \(name)"
    }
  }
}

/// Brings the schema to what this program needs, in one transaction: the migrations that are missing, then every
/// function and view that is not as its file says.
///
/// Only one process migrates: the advisory lock (1, 0) is tried again and again, never waited for in the server, where
/// a waiting statement would hold back others. The connection's user needs to create schemas, and roles once.
package struct MigrationRunner: Sendable {
  private let connection: PostgresConnection
  private let migrations: [Migration]
  private let definitions: [SchemaDefinition]
  private let logger: Logger

  /// How long one file may run.
  private static let deadline: Duration = .seconds(3600)

  package init(
    connection: PostgresConnection, migrations: [Migration] = Migration.all,
    definitions: [SchemaDefinition] = SchemaDefinition.all, logger: Logger
  ) {
    precondition(
      migrations.map(\.version) == migrations.indices.map { Int32($0 + 1) }, "migrations are numbered from 1 on")
    self.connection = connection
    self.migrations = migrations
    self.definitions = definitions
    self.logger = logger
  }

  /// Applies what is missing or differs and drops what this program has no more; returns what it did, in that order.
  /// Throws `MigrationError` or `PostgresError`; nothing was changed then.
  @discardableResult
  package func up(lockDeadline: Duration = .seconds(30)) async throws -> [SchemaChange] {
    try await requireEncoding()
    try await lock(deadline: lockDeadline)
    do {
      let changes = try await connection.withTransaction { connection in
        try connection.execute(Self.searchPath)
        var changes: [SchemaChange] = []
        for migration in migrations.dropFirst(try checkedCount(connection)) {
          try apply(migration, connection)
          changes.append(.applied(migration.name))
        }
        return changes + (try define(connection))
      }
      try await connection.query("SELECT pg_advisory_unlock(1, 0)")
      return changes
    } catch {
      // A lost connection has lost the lock with it.
      _ = try? await connection.query("SELECT pg_advisory_unlock(1, 0)")
      throw error
    }
  }

  /// What `up` would do now, in its order. Changes nothing; throws like `up` of a schema that is not this program's.
  package func plan() async throws -> [SchemaChange] {
    try await requireEncoding()
    let status = try await status()
    let missing = status.prefix(migrations.count).filter { $0.state != .applied }
    let differing = status.dropFirst(migrations.count).filter { $0.state != .applied }
    return missing.map { .applied($0.name) }
      + differing.filter { $0.state == .surplus }.map { .dropped($0.name) }
      + differing.filter { $0.state != .surplus }.map { .applied($0.name) }
  }

  private func requireEncoding() async throws {
    let encoding: String = try await connection.query("SELECT current_setting('server_encoding')").value()
    guard encoding == "UTF8" else { throw MigrationError.encoding(encoding) }
  }

  /// Every migration, function and view, and how the database has it. Throws like `verify` of migrations that are not
  /// this program's.
  package func status() async throws -> [SchemaStatus] {
    try await connection.withTransaction { connection in
      try connection.execute(Self.searchPath)
      let count = try checkedCount(connection)
      return migrations.map { SchemaStatus(name: $0.name, state: Int($0.version) <= count ? .applied : .missing) }
        + (try definitionStates(connection))
    }
  }

  /// Throws unless the schema is exactly what this program was built for.
  package func verify() async throws {
    let states = try await status()
    let migrations = states.prefix(migrations.count).filter { $0.state != .applied }
    if let first = migrations.first { throw MigrationError.pending(first: first.name, count: migrations.count) }
    if let first = states.first(where: { $0.state == .redefined }) { throw MigrationError.redefined(name: first.name) }
    let others = states.filter { $0.state != .applied }
    if let first = others.first { throw MigrationError.outdated(first: first.name, count: others.count) }
  }

  /// Names in the files are qualified, and the catalog writes names by the search path.
  private static let searchPath = "SET LOCAL search_path = pg_catalog"
  /// The owner of everything. The first migration makes it.
  private static let owner = "SET LOCAL ROLE lectern_migrator"

  // MARK: Migrations

  /// How many are applied, after comparing each with its file.
  private func checkedCount(_ connection: isolated PostgresConnection) throws -> Int {
    guard try exists("lectern.schema_migration", connection) else { return 0 }
    let rows = try connection.query("SELECT version, name, checksum FROM lectern.schema_migration ORDER BY version")
    for (index, row) in rows.enumerated() {
      let version: Int32 = try row.decode("version")
      let name: String = try row.decode("name")
      guard index < migrations.count else { throw MigrationError.newer(version: version, name: name) }
      let migration = migrations[index]
      guard name == migration.name else { throw MigrationError.foreign(applied: name, expected: migration.name) }
      guard version == migration.version, try row.decode("checksum", as: String.self) == checksum(migration.bytes)
      else { throw MigrationError.altered(name: migration.name) }
    }
    return rows.count
  }

  private func apply(_ migration: Migration, _ connection: isolated PostgresConnection) throws {
    logger.info("applying a migration", metadata: ["migration": .string(migration.name)])
    try naming(migration.name) {
      if migration.version > 1 { try connection.execute(Self.owner) }
      try connection.execute(migration.sql, deadline: Self.deadline)
      try connection.execute(Self.owner)
      try connection.query(
        "INSERT INTO lectern.schema_migration (version, name, checksum) VALUES ($1, $2, $3)",
        [.int4(migration.version), .text(migration.name), .text(checksum(migration.bytes))])
    }
  }

  // MARK: Functions and views

  /// Every function and view of this program in its order, then those that an earlier one applied.
  private func definitionStates(_ connection: isolated PostgresConnection) throws -> [SchemaStatus] {
    guard try exists("lectern.schema_definition", connection) else {
      return definitions.map { SchemaStatus(name: $0.name, state: .missing) }
    }
    let catalog = try SchemaCatalog(connection)
    var surplus: [SchemaStatus] = []
    var recorded: [String: (checksum: String, fingerprint: String)] = [:]
    let names = Set(definitions.map(\.name))
    for row in try connection.query("SELECT name, checksum, fingerprint FROM lectern.schema_definition ORDER BY name") {
      let name: String = try row.decode(at: 0)
      recorded[name] = (try row.decode(at: 1), try row.decode(at: 2))
      if !names.contains(name) { surplus.append(SchemaStatus(name: name, state: .surplus)) }
    }
    return definitions.map { definition in
      let state: SchemaStatus.State =
        switch recorded[definition.name] {
        case nil: .missing
        case let known? where known.checksum != checksum(definition.bytes): .outdated
        case let known? where known.fingerprint != catalog.objects[definition.name]?.fingerprint: .redefined
        default: .applied
        }
      return SchemaStatus(name: definition.name, state: state)
    } + surplus
  }

  /// Drops whatever is not as its file says, in reverse order, and creates it anew: `CREATE OR REPLACE` would keep
  /// settings and grants that the file lacks, and leave a function of other parameters beside the new one.
  private func define(_ connection: isolated PostgresConnection) throws -> [SchemaChange] {
    let differing = try definitionStates(connection).filter { $0.state != .applied }
    guard !differing.isEmpty else { return [] }
    try connection.execute(Self.owner)
    let before = try SchemaCatalog(connection)
    for status in differing.reversed() {
      try naming(status.name) {
        for statement in before.objects[status.name]?.drops ?? [] { try connection.execute(statement) }
      }
    }
    let stale = Set(differing.map(\.name))
    let created = definitions.filter { stale.contains($0.name) }
    logger.info("defining functions and views", metadata: ["count": .int(Int64(created.count))])
    for definition in created {
      try naming(definition.name) { try connection.execute(definition.sql, deadline: Self.deadline) }
    }
    let after = try SchemaCatalog(connection)
    let fingerprints = try created.map { definition in
      guard let object = after.objects[definition.name] else {
        throw MigrationError.failed(name: definition.name, cause: "the file defines something of another name")
      }
      return object.fingerprint
    }
    let dropped = differing.filter { $0.state == .surplus }.map(\.name)
    try connection.query("DELETE FROM lectern.schema_definition WHERE name = ANY ($1)", [.texts(dropped)])
    try connection.query(
      """
      INSERT INTO lectern.schema_definition AS d (name, checksum, fingerprint)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
      ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, fingerprint = excluded.fingerprint,
        applied_at = excluded.applied_at, applied_by = excluded.applied_by
      """,
      [.texts(created.map(\.name)), .texts(created.map { checksum($0.bytes) }), .texts(fingerprints)])
    return dropped.map { .dropped($0) } + created.map { .applied($0.name) }
  }

  // MARK: -

  private func exists(_ table: String, _ connection: isolated PostgresConnection) throws(PostgresError) -> Bool {
    try connection.query("SELECT to_regclass($1) IS NOT NULL", [.text(table)]).value()
  }

  /// SHA-256 of a file, in hex.
  private func checksum(_ bytes: [UInt8]) -> String { Hex.encode(SHA256.hash(bytes)) }

  /// Runs the body and says of which file it was that a statement failed.
  private func naming(_ file: String, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as PostgresError where !error.connectionIsLost && !error.isTransient {
      throw MigrationError.failed(name: file, cause: error.description)
    }
  }

  private func lock(deadline: Duration) async throws {
    let limit = ContinuousClock.now + deadline
    while true {
      if try await connection.query("SELECT pg_try_advisory_lock(1, 0)").value() { return }
      guard ContinuousClock.now < limit else { throw MigrationError.locked }
      try await Task.sleep(for: .milliseconds(100))
    }
  }
}
