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

  /// An error for each server on another machine to which learners' data would go, or from which it would come, without
  /// knowing who answers.
  var serverErrors: [ConfigurationError] {
    var errors: [ConfigurationError] = []
    if settings.optional(Keys.bootstrapServers) != nil, !kafka.verifiesServers, !mayBeUnverified(.kafka) {
      errors.append(
        ConfigurationError(
          key: Keys.bootstrapServers.name, place: "\(settings.origin(of: Keys.bootstrapServers))",
          problem: "a broker is on another machine and need not prove by TLS that it is the one that is meant",
          remedy:
            "set security.protocol=SSL or SASL_SSL in \(Keys.kafkaProperties.name), or, where the network between "
            + "is trusted, \(Keys.unverifiedServers.name)=\(UnverifiedServers.Server.kafka.rawValue)"))
    }
    if settings.optional(Keys.postgresURL) != nil, postgresDestination?.verifiesServer != true,
      !mayBeUnverified(.postgres)
    {
      errors.append(
        ConfigurationError(
          key: Keys.postgresURL.name, place: "\(settings.origin(of: Keys.postgresURL))",
          problem: "the server is on another machine (by this key, PGHOST, PGHOSTADDR or a service) and need not prove "
            + "by TLS that it is the one that is meant",
          remedy: "add sslmode=verify-full, or, where the network between is trusted, set "
            + "\(Keys.unverifiedServers.name)=\(UnverifiedServers.Server.postgres.rawValue)"))
    }
    return errors
  }

  private var postgresDestination: PostgresDestination? {
    PostgresDestination(url: settings[Keys.postgresURL], environment: environment.variables)
  }

  private func mayBeUnverified(_ server: UnverifiedServers.Server) -> Bool {
    settings.optional(Keys.unverifiedServers)?.servers.contains(server) == true
  }
}
