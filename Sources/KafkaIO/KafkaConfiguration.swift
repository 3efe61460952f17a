import CKafka

/// The sole owner of a `rd_kafka_conf_t` until librdkafka takes it over.
struct KafkaConfiguration: ~Copyable {
  let pointer: OpaquePointer

  private init(adopting pointer: OpaquePointer) { self.pointer = pointer }

  /// The settings as librdkafka takes them. Order of precedence: the settings' own properties, `overrides` (Lectern's
  /// choices), the library's defaults.
  init(_ settings: KafkaSettings, overrides: KeyValuePairs<String, String>) throws(KafkaError) {
    self.init(adopting: rd_kafka_conf_new())
    // Without any, a client connects to nobody: what the embedded broker's own client wants.
    if !settings.bootstrapServers.isEmpty { try set("bootstrap.servers", settings.bootstrapServers) }
    try set("client.id", settings.clientID)
    for (name, value) in overrides where settings.properties[name] == nil { try set(name, value) }
    for name in settings.properties.keys.sorted() where KafkaSettings.reservedProperties.contains(name) {
      throw KafkaError(.invalidArgument, while: "setting the property \(name): bootstrapServers says where brokers are")
    }
    for name in settings.properties.keys.sorted() { try set(name, settings.properties[name]!) }
  }

  deinit { rd_kafka_conf_destroy(pointer) }

  /// Hands the pointer to a function that takes ownership if it succeeds (returns non-nil).
  consuming func transfer(_ body: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
    // rd_kafka_new takes the configuration only on success, so a failure leaves it to deinit.
    guard let client = body(pointer) else {
      _ = consume self
      return nil
    }
    discard self
    return client
  }

  private func set(_ name: String, _ value: String) throws(KafkaError) {
    var message = [CChar](repeating: 0, count: 256)
    let result = rd_kafka_conf_set(pointer, name, value, &message, message.count)
    switch result {
    case RD_KAFKA_CONF_OK: return
    case RD_KAFKA_CONF_UNKNOWN: throw KafkaError(.invalidArgument, while: "setting the unknown property \(name)")
    // librdkafka's message would repeat the value, which may be a password.
    default: throw KafkaError(.invalidArgument, while: "setting the property \(name): its value is not one it takes")
    }
  }
}
