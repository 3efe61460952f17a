/// How to reach Kafka. Plain data: nothing is connected by making one.
package struct KafkaSettings: Sendable {
  /// `host:port`, several separated by commas.
  package var bootstrapServers: String
  /// How this program names itself to the broker.
  package var clientID: String
  /// Any property of librdkafka, such as `security.protocol`; wins over Lectern's own choices. Values may be secrets: they
  /// appear in no error and no log.
  package var properties: [String: String]

  package init(bootstrapServers: String, clientID: String = "lectern", properties: [String: String] = [:]) {
    self.bootstrapServers = bootstrapServers
    self.clientID = clientID
    self.properties = properties
  }

  /// Refuses what librdkafka would refuse, without connecting.
  package func check() throws(KafkaError) {
    guard !bootstrapServers.isEmpty else { throw KafkaError(.invalidArgument, while: "reading the bootstrap servers") }
    _ = try KafkaConfiguration(self, overrides: [:])
  }

  /// These settings with more properties; the given ones win.
  package func adding(_ more: [String: String]) -> KafkaSettings {
    var copy = self
    copy.properties.merge(more) { _, new in new }
    return copy
  }
}
