import Ingest
import Testing

@Suite struct ServerLocalityTests {
  @Test(arguments: [
    "127.0.0.1:9092", "localhost:9092", "[::1]:9092", "127.8.0.1:1,localhost:2", "PLAINTEXT://127.0.0.1:9092",
    "localhost", "127.0.0.1:9092, localhost:9093",
  ])
  func loopbackBrokersAreLocal(servers: String) {
    #expect(ServerLocality.isLocal(bootstrapServers: servers))
  }

  @Test(arguments: [
    "kafka:9092", "127.0.0.1:9092,kafka.example:9092", "127.0.0.1.example:9092", "10.0.0.1:9092", "[2001:db8::1]:9092",
    "SASL_SSL://kafka.example:9093", "0.0.0.0:9092", "127.example", "",
  ])
  func otherBrokersAreNot(servers: String) {
    #expect(!ServerLocality.isLocal(bootstrapServers: servers))
  }

  @Test(arguments: [
    "postgresql://lectern@127.0.0.1:5432/lectern", "postgresql://u:p@localhost/db", "postgres://u@[::1]:5432/db",
    "postgresql://lectern@/lectern?host=%2Ftmp%2Fsocket", "postgresql:///lectern?host=/var/run/postgresql",
    "host=/var/run/postgresql dbname=lectern", "host=localhost port=5432", "hostaddr=127.0.0.1 dbname=x",
    "postgresql://127.0.0.1,localhost/db",
  ])
  func loopbackAndSocketsAreLocal(url: String) {
    #expect(ServerLocality.isLocal(postgresURL: url))
  }

  @Test(arguments: [
    "postgresql://db.example/lectern", "postgresql://u:p@127.0.0.1@db.example/x", "host=db.example",
    "postgresql://127.0.0.1,db.example/db", "postgresql://localhost/db?host=db.example",
    "host=localhost hostaddr=10.0.0.1", "dbname=lectern", "postgresql:///lectern",
    "postgresql://localhost/db?hostaddr=10.1.1.1", "host = db.example", "postgresql://localhost/db?ho%73t=db.example",
    "postgresql://localhost/db?service=remote",
  ])
  func othersAreNot(url: String) {
    #expect(!ServerLocality.isLocal(postgresURL: url))
  }

  @Test func whatIsNotConfiguredIsBroughtAlong() {
    #expect(ServerLocality.isLocal(bootstrapServers: nil))
    #expect(ServerLocality.isLocal(postgresURL: nil))
  }
}
