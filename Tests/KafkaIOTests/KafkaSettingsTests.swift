import KafkaIO
import Testing

@Suite struct KafkaSettingsTests {
  @Test func anyPropertyOfTheLibraryIsTaken() throws {
    let settings = KafkaSettings(
      bootstrapServers: "127.0.0.1:9092",
      properties: [
        "security.protocol": "SASL_SSL", "sasl.mechanisms": "PLAIN", "sasl.username": "u", "sasl.password": "p",
      ])
    try settings.check()
  }

  @Test(arguments: [
    ["no.such.property": "hunter2"], ["session.timeout.ms": "hunter2"], ["security.protocol": "hunter2"],
  ])
  func wrongPropertiesAreRefusedByNameAndNeverByValue(properties: [String: String]) {
    let settings = KafkaSettings(bootstrapServers: "127.0.0.1:9092", properties: properties)
    #expect {
      try settings.check()
    } throws: { error in
      let text = "\(error)"
      return text.contains(properties.keys.first!) && !text.contains("hunter2")
    }
  }

  @Test func serversMustBeNamed() {
    #expect(throws: KafkaError.self) { try KafkaSettings(bootstrapServers: "").check() }
  }

  @Test func anErrorSaysWhatWasDoneAndWhere() {
    let error = KafkaError(.noOffset, while: "consuming", topicPartition: TopicPartition(topic: "t", partition: 3))
    #expect(error.description.hasPrefix("Kafka: consuming of t[3]: "))
    #expect(error.description.contains("_AUTO_OFFSET_RESET"))
    #expect(!error.isRetryable)
    #expect(KafkaError(.transport, while: "asking").isRetryable)
  }

  @Test func theLibraryNamesItsVersion() {
    #expect(KafkaLibrary.version.split(separator: ".").count >= 3)
    #expect(KafkaLibrary.hasCorrectSCRAM == !KafkaLibrary.version.hasPrefix("2.0."))
  }
}
