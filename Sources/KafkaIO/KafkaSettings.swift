/// How to reach Kafka. Plain data: nothing is connected by making one.
package struct KafkaSettings: Sendable {
  /// `host:port`, several separated by commas.
  package var bootstrapServers: String
  /// How this program names itself to the broker.
  package var clientID: String
  /// Any property of librdkafka, such as `security.protocol`; wins over Lectern's own choices. Values may be secrets:
  /// they appear in no error and no log.
  package var properties: [String: String]
  /// The name under which a consumer stays a member of its group while it restarts (`group.instance.id`); nil makes it
  /// a new member at each start. Two consumers of one group under one name fence each other: the older one ends.
  package var groupInstanceID: String?

  package init(
    bootstrapServers: String, clientID: String = "lectern", properties: [String: String] = [:],
    groupInstanceID: String? = nil
  ) {
    self.bootstrapServers = bootstrapServers
    self.clientID = clientID
    self.properties = properties
    self.groupInstanceID = groupInstanceID
  }

  /// Refuses what librdkafka would refuse, without connecting.
  package func check() throws(KafkaError) {
    guard !bootstrapServers.isEmpty else { throw KafkaError(.invalidArgument, while: "reading the bootstrap servers") }
    // librdkafka has no logins in addresses, and its log lines name them.
    let addresses = [bootstrapServers] + ["bootstrap.servers", "metadata.broker.list"].compactMap { properties[$0] }
    guard !addresses.contains(where: { $0.contains("@") }) else {
      throw KafkaError(.invalidArgument, while: "reading the bootstrap servers: a login does not belong there")
    }
    _ = try KafkaConfiguration(self, overrides: [:])
  }

  /// What is going to fail although every property is one that librdkafka takes, in words that say what to do.
  package var warnings: [String] { warnings(hasCorrectSCRAM: KafkaLibrary.hasCorrectSCRAM) }

  /// The same for a library that is known.
  package func warnings(hasCorrectSCRAM: Bool) -> [String] {
    usesSCRAM && !hasCorrectSCRAM ? [Self.scramWarning] : []
  }

  /// Whether the login is by SCRAM. librdkafka has two spellings of the property.
  package var usesSCRAM: Bool {
    ["sasl.mechanisms", "sasl.mechanism"].contains { properties[$0]?.uppercased().hasPrefix("SCRAM-") ?? false }
  }

  /// What is wrong with SCRAM under this librdkafka, and the ways out.
  package static var scramWarning: String {
    """
    librdkafka \(KafkaLibrary.version) sends a wrong nonce in SCRAM, which Kafka 4.0 and newer refuse as wrong \
    credentials, whatever the password; Kafka up to 3.9 takes it. Log in with SASL/PLAIN over TLS or with certificates, \
    or use librdkafka 2.6.1 or newer
    """
  }

  /// These settings with more properties; the given ones win.
  package func adding(_ more: [String: String]) -> KafkaSettings {
    var copy = self
    copy.properties.merge(more) { _, new in new }
    return copy
  }
}
