import KafkaIO
import LearningEvents
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

  /// librdkafka names its brokers in every line of its log.
  @Test(arguments: ["bootstrap.servers", "metadata.broker.list", nil]) func aLoginIsNoPartOfAnAddress(property: String?)
  {
    let address = "anna:hunter2@kafka:9092"
    let settings = KafkaSettings(
      bootstrapServers: property == nil ? address : "127.0.0.1:9092", properties: property.map { [$0: address] } ?? [:])
    #expect {
      try settings.check()
    } throws: {
      !"\($0)".contains("hunter2") && "\($0)".contains("a login does not belong there")
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

  @Test(arguments: [
    (["sasl.mechanisms": "SCRAM-SHA-512"], true), (["sasl.mechanism": "scram-sha-256"], true),
    (["sasl.mechanisms": "PLAIN"], false), ([:], false),
  ])
  func scramUnderAWrongLibraryIsWarnedOf(properties: [String: String], isSCRAM: Bool) {
    var settings = KafkaSettings(bootstrapServers: "127.0.0.1:9092", properties: properties)
    settings.properties["sasl.password"] = "hunter2"
    #expect(settings.usesSCRAM == isSCRAM)
    #expect(settings.warnings(hasCorrectSCRAM: true).isEmpty)
    let warnings = settings.warnings(hasCorrectSCRAM: false)
    #expect(warnings.isEmpty != isSCRAM)
    #expect(
      warnings.allSatisfy { $0.contains("2.6.1") && $0.contains(KafkaLibrary.version) && !$0.contains("hunter2") })
    #expect(settings.warnings == settings.warnings(hasCorrectSCRAM: KafkaLibrary.hasCorrectSCRAM))
  }

  @Test func aRefusalIsNoSilence() {
    #expect(KafkaError(.authentication, while: "asking").isRefusal)
    #expect(KafkaError(.ssl, while: "asking").isRefusal)
    #expect(!KafkaError(.transport, while: "asking").isRefusal && !KafkaError(.timedOut, while: "asking").isRefusal)
    #expect(MockCluster.isClusterID("mockCluster55d2") && !MockCluster.isClusterID("MkU3OEVBNTcwNTJENDM2Qk"))
  }
}
