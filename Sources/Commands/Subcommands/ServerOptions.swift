import Arguments
import Configuration
import Telemetry

/// Where the servers are, for commands that talk to both.
struct ServerOptions: ArgumentGroup {
  @Option(key: Keys.bootstrapServers, long: "kafka", group: "Servers") var kafka: String?
  @Option(key: Keys.postgresURL, long: "postgres", group: "Servers") var postgres: String?
  @OptionGroup var common: CommonOptions
}

/// Where PostgreSQL is, for commands that talk to it alone.
struct DatabaseOptions: ArgumentGroup {
  @Option(key: Keys.postgresURL, long: "postgres", group: "Servers") var postgres: String?
  @OptionGroup var common: CommonOptions
}

/// Options of every command.
struct CommonOptions: ArgumentGroup {
  @Option(key: ConfigurationTable.file, long: "config", group: "Common", completion: .file) var config:
    ConfigurationPath?
  @Option(key: Keys.logLevel, long: "log-level", group: "Common") var logLevel: LogLevel?
}

/// A partition's number, from 0 on.
struct PartitionNumber: ConfigurationValue, Equatable {
  let value: Int32

  init?(configurationText text: String) {
    guard let value = Int32(text), value >= 0 else { return nil }
    self.value = value
  }

  var configurationText: String { "\(value)" }
  static var configurationExpectation: String { "a partition's number, from 0 on" }
}
