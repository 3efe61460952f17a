import Foundation
import LocalServers
import Persistence
package import PostgresIO
import Processes
import Telemetry
package import Testing

/// The one PostgreSQL server of a test run: `LECTERN_POSTGRES_URL`, or else a private cluster in a temporary folder,
/// started by the first test that wants a database and ended with the last of the suites that use it.
package actor PostgresTestServer {
  package static let shared = PostgresTestServer()

  /// Whether tests that need PostgreSQL run. Without a server they are skipped, unless `LECTERN_REQUIRE` names
  /// `postgres`: then they run and fail.
  package static var isWanted: Bool {
    let environment = ProcessInfo.processInfo.environment
    let required = (environment["LECTERN_REQUIRE"] ?? "").split(separator: ",").contains("postgres")
    return required || environment["LECTERN_POSTGRES_URL"] != nil || isInstalled
  }

  /// Whether a server is installed in one of Debian's places or in `PATH`.
  package static var isInstalled: Bool {
    let debians = try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")
    return debians?.isEmpty == false || TestTools.path(of: "initdb") != nil
  }

  private struct Running {
    let url: String
    let template: String
    let cluster: PostgresCluster?
    let folder: String?
  }

  private var starting: Task<Running, any Error>?
  /// How many suites that use the server are running.
  private var users = 0

  /// Makes a database with the whole schema and the partitions of today ± 3 days (call `lectern.premake` for the
  /// others), as a copy of a template.
  package func makeDatabase() async throws -> TestDatabase {
    let running = try await self.running()
    let name = "lectern_test_\(Self.suffix())"
    try await Self.onServer(running.url) { connection in
      try await connection.execute("CREATE DATABASE \(name) TEMPLATE \(running.template)")
    }
    return TestDatabase(url: running.url, name: name)
  }

  /// Makes a database without anything in it.
  package func makeEmptyDatabase() async throws -> TestDatabase {
    let running = try await self.running()
    let name = "lectern_test_\(Self.suffix())"
    try await Self.onServer(running.url) { try await $0.execute("CREATE DATABASE \(name)") }
    return TestDatabase(url: running.url, name: name)
  }

  package func drop(_ database: TestDatabase) async throws {
    try await Self.onServer(database.url) { connection in
      try await connection.execute("DROP DATABASE IF EXISTS \(database.name) WITH (FORCE)")
    }
  }

  /// Counts a suite that is about to use the server.
  fileprivate func enter() { users += 1 }

  /// Counts a suite as done, and removes what the run has made once no other is left.
  fileprivate func leave() async {
    users -= 1
    if users == 0 { await stop() }
  }

  private func stop() async {
    // Forgotten before it has ended: a suite that begins meanwhile starts another.
    let ending = starting
    starting = nil
    guard let running = try? await ending?.value else { return }
    if let cluster = running.cluster {
      await cluster.stop()
      if let folder = running.folder { try? FileManager.default.removeItem(atPath: folder) }
    } else {
      try? await Self.onServer(running.url) { connection in
        try await connection.execute("DROP DATABASE IF EXISTS \(running.template) WITH (FORCE)")
      }
    }
  }

  private func running() async throws -> Running {
    if let starting { return try await starting.value }
    let task = Task { try await Self.start() }
    starting = task
    return try await task.value
  }

  private static func start() async throws -> Running {
    if let given = ProcessInfo.processInfo.environment["LECTERN_POSTGRES_URL"], !given.isEmpty {
      return Running(url: given, template: try await makeTemplate(given), cluster: nil, folder: nil)
    }
    let folder = TestTools.scratchPath("test")
    do {
      let cluster = try await PostgresCluster.start(
        folder: "\(folder)/postgres", durability: .none, launcher: ProcessLauncher(), logger: .silent)
      do {
        let template = try await makeTemplate(cluster.url())
        return Running(url: cluster.url(), template: template, cluster: cluster, folder: folder)
      } catch {
        await cluster.stop()
        throw error
      }
    } catch {
      try? FileManager.default.removeItem(atPath: folder)
      throw error
    }
  }

  private static func makeTemplate(_ url: String) async throws -> String {
    let template = "lectern_template_\(suffix())"
    try await onServer(url) { try await $0.execute("CREATE DATABASE \(template)") }
    // A template must have no session: this one ends before it is copied.
    try await PostgresConnection.with(PostgresSettings(url: url, database: template), logger: .silent) { connection in
      try await MigrationRunner(connection: connection, logger: .silent).up()
      try await connection.query("SELECT lectern.premake()")
      try await connection.execute(dropFarPartitions)
    }
    return template
  }

  /// A database is copied file by file, and each partition is four: tests get along with a few.
  private static let dropFarPartitions = """
    DO $$ DECLARE v_name text; BEGIN
      FOR v_name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'lectern.emotion_sample'::regclass
          AND abs(to_date(right(c.relname, 8), 'YYYYMMDD') - (now() AT TIME ZONE 'UTC')::date) > 3
      LOOP EXECUTE format('DROP TABLE lectern.%I', v_name); END LOOP;
    END $$
    """

  private static func onServer(
    _ url: String, _ body: (PostgresConnection) async throws -> Void
  ) async throws {
    try await PostgresConnection.with(PostgresSettings(url: url), logger: .silent, body)
  }

  private static func suffix() -> String {
    "\(getpid())_" + String(UInt32.random(in: 0...UInt32.max), radix: 16)
  }
}

/// A database of one test.
package struct TestDatabase: Sendable {
  let url: String
  package let name: String

  /// A database of a server that a test started for itself; `url` is of any database there.
  package init(url: String, name: String) { (self.url, self.name) = (url, name) }

  /// How to connect, as the server's superuser unless a role is given.
  package func settings(role: String? = nil) -> PostgresSettings {
    PostgresSettings(url: url, database: name, applicationName: "lectern-test", role: role)
  }

  /// The same for a program: a URI, or words as libpq takes them, whichever the server was given as.
  package var programURL: String {
    guard let match = url.wholeMatch(of: #/(postgres(?:ql)?://[^/?]*)(?:/[^?]*)?(\?.*)?/#) else {
      return "\(url) dbname=\(name)"
    }
    return "\(match.output.1)/\(name)\(match.output.2 ?? "")"
  }

  /// The same as another login; its password counts where the server asks for one.
  package func programURL(as login: String, password: String) -> String {
    guard let match = programURL.wholeMatch(of: #/(postgres(?:ql)?:\/\/)(?:[^@\/]*@)?(.*)/#) else {
      return "\(programURL) user=\(login) password=\(password)"
    }
    return "\(match.output.1)\(login):\(password)@\(match.output.2)"
  }

  package func connect(role: String? = nil) async throws -> PostgresConnection {
    try await PostgresConnection.open(settings(role: role), logger: .silent)
  }
}

/// Runs the body with a database of its own that has the whole schema, and drops it however the body ends.
package func withTestDatabase<Value: Sendable>(
  migrated: Bool = true, _ body: (TestDatabase) async throws -> Value
) async throws -> Value {
  let server = PostgresTestServer.shared
  let database = try await migrated ? server.makeDatabase() : server.makeEmptyDatabase()
  do {
    let value = try await body(database)
    try await server.drop(database)
    return value
  } catch {
    try? await server.drop(database)
    throw error
  }
}

/// Ends the test server when the last suite that bears this trait has run, whatever its tests did.
package struct PostgresServerTrait: SuiteTrait, TestScoping {
  package var isRecursive: Bool { false }

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
  ) async throws {
    await PostgresTestServer.shared.enter()
    do {
      try await function()
      await PostgresTestServer.shared.leave()
    } catch {
      await PostgresTestServer.shared.leave()
      throw error
    }
  }
}

extension Trait where Self == PostgresServerTrait {
  package static var postgresServer: Self { PostgresServerTrait() }
}
