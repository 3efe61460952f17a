import PostgresIO
import Testing

@Suite struct PostgresDestinationTests {
  static func destination(_ url: String, _ environment: [String: String] = [:]) throws -> PostgresDestination {
    try #require(PostgresDestination(url: url, environment: environment))
  }

  @Test(arguments: [
    "postgresql://lectern@127.0.0.1:5432/lectern", "postgresql://u:p@localhost/db", "postgres://u@[::1]:5432/db",
    "postgresql://lectern@/lectern?host=%2Ftmp%2Fsocket", "postgresql:///lectern?host=/var/run/postgresql",
    "host=/var/run/postgresql dbname=lectern", "host=localhost port=5432", "hostaddr=127.0.0.1 dbname=x",
    "postgresql://127.0.0.1,localhost/db", "host = '/run/a b' dbname=x", "host=@lectern",
    // Without any host libpq takes the Unix socket that it was built with.
    "dbname=lectern", "postgresql:///lectern",
  ])
  func loopbackAndSocketsAreOnThisMachine(url: String) throws {
    let destination = try Self.destination(url)
    #expect(destination.isOnThisMachine && destination.verifiesServer)
  }

  @Test(arguments: [
    "postgresql://db.example/lectern", "postgresql://u:p%40127.0.0.1@db.example/x", "host=db.example",
    "postgresql://127.0.0.1,db.example/db", "postgresql://localhost/db?host=db.example",
    "host=localhost hostaddr=10.0.0.1", "host=localhost hostaddr = 192.0.2.1",
    "postgresql://localhost/db?hostaddr=10.1.1.1", "host = db.example", "postgresql://localhost/db?ho%73t=db.example",
    "postgresql://localhost/db?service=remote", "host=localhost service=evil", "host=127.0.0.1 service = evil",
    "host='db.example'", "host=localhost\thostaddr=\t10.0.0.1", "host=127.1", "host=localhost host=db.example",
  ])
  func othersAreNot(url: String) throws {
    let destination = try Self.destination(url)
    #expect(!destination.isOnThisMachine && !destination.verifiesServer)
  }

  @Test(arguments: [
    ("host=localhost", ["PGHOSTADDR": "192.0.2.1"], false), ("host=localhost", ["PGSERVICE": "evil"], false),
    ("dbname=lectern", ["PGHOST": "db.example"], false), ("dbname=lectern", ["PGHOST": "/run/postgresql"], true),
    // What is written goes over the environment.
    ("host=localhost", ["PGHOST": "db.example"], true),
    ("host=localhost hostaddr=127.0.0.1", ["PGHOSTADDR": "192.0.2.1"], true),
  ])
  func theEnvironmentCompletesTheString(url: String, environment: [String: String], isHere: Bool) throws {
    #expect(try Self.destination(url, environment).isOnThisMachine == isHere)
  }

  @Test(arguments: [
    ("host=db.example sslmode=verify-full", [:], true), ("host=db.example sslmode=verify-ca", [:], false),
    ("host=db.example sslmode=require", [:], false), ("host=db.example", ["PGSSLMODE": "verify-full"], true),
    ("host=db.example sslmode=prefer", ["PGSSLMODE": "verify-full"], false),
    ("postgresql://db.example/x?sslmode=verify-full", [:], true),
    ("postgresql://127.0.0.1,db.example/x?sslmode=disable", [:], false),
    ("service=lectern sslmode=verify-full", [:], true), ("service=lectern", [:], false),
  ])
  func remoteServersProveWhoTheyAreByTLS(url: String, environment: [String: String], isVerified: Bool) throws {
    #expect(try Self.destination(url, environment).verifiesServer == isVerified)
  }

  @Test func whatIsNoConnectionStringIsNowhere() {
    #expect(PostgresDestination(url: "nonsense", environment: [:]) == nil)
  }
}
