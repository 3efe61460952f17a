package import KafkaIO
package import LocalServers

extension EmbeddedBroker {
  /// How to reach it, with the properties that consumers must have.
  package var settings: KafkaSettings {
    KafkaSettings(bootstrapServers: bootstrapServers, properties: Self.consumerProperties)
  }
}
