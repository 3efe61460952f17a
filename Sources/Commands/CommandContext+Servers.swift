import Arguments
import Configuration
import KafkaIO
import PostgresIO

/// Where the configured servers are, as librdkafka and libpq will find them, and whether they prove who they are.
extension CommandContext {
  /// Whether Kafka and PostgreSQL, as far as they are configured, are on this machine.
  var serversAreOnThisMachine: Bool {
    (settings.optional(Keys.bootstrapServers) == nil || kafka.isOnThisMachine)
      && (settings.optional(Keys.postgresURL) == nil || postgresDestination?.isOnThisMachine == true)
  }

  /// Why a server may not be asked: it is configured, is on another machine, and learners' data would go to it, or come
  /// from it, without knowing who answers. Nil where it may.
  func refusal(of server: Server) -> ConfigurationError? {
    guard settings.optional(Keys.unverifiedServers)?.servers.contains(server) != true else { return nil }
    switch server {
    case .kafka:
      guard settings.optional(Keys.bootstrapServers) != nil, !kafka.verifiesServers else { return nil }
      return ConfigurationError(
        key: Keys.bootstrapServers.name, place: "\(settings.origin(of: Keys.bootstrapServers))",
        problem: "a broker is on another machine and need not prove by TLS that it is the one that is meant",
        remedy: "set security.protocol=SSL or SASL_SSL in \(Keys.kafkaProperties.name), or, where the network between "
          + "is trusted, \(Keys.unverifiedServers.name)=\(server.rawValue)")
    case .postgres:
      guard settings.optional(Keys.postgresURL) != nil, postgresDestination?.verifiesServer != true else { return nil }
      return ConfigurationError(
        key: Keys.postgresURL.name, place: "\(settings.origin(of: Keys.postgresURL))",
        problem: "the server is on another machine (by this key, PGHOST, PGHOSTADDR or a service) and need not prove "
          + "by TLS that it is the one that is meant",
        remedy: "add sslmode=verify-full, or, where the network between is trusted, set "
          + "\(Keys.unverifiedServers.name)=\(server.rawValue)")
    }
  }

  private var postgresDestination: PostgresDestination? {
    PostgresDestination(url: settings[Keys.postgresURL], environment: environment.variables)
  }
}
