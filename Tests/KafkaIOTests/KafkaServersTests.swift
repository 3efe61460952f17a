import KafkaIO
import Testing

@Suite struct KafkaServersTests {
  static func settings(_ servers: String, _ properties: [String: String] = [:]) -> KafkaSettings {
    KafkaSettings(bootstrapServers: servers, properties: properties)
  }

  @Test(arguments: [
    "127.0.0.1:9092", "localhost:9092", "[::1]:9092", "127.8.0.1:1,localhost:2", "PLAINTEXT://127.0.0.1:9092",
    "localhost", "127.0.0.1:9092, localhost:9093",
  ])
  func loopbackBrokersAreOnThisMachine(servers: String) {
    #expect(Self.settings(servers).isOnThisMachine)
    #expect(Self.settings(servers).verifiesServers)
  }

  @Test(arguments: [
    "kafka:9092", "127.0.0.1:9092,kafka.example:9092", "127.0.0.1.example:9092", "10.0.0.1:9092", "[2001:db8::1]:9092",
    "SASL_PLAINTEXT://kafka.example:9093", "0.0.0.0:9092", "127.example:9092",
  ])
  func otherBrokersAreNot(servers: String) {
    #expect(!Self.settings(servers).isOnThisMachine)
    #expect(!Self.settings(servers).verifiesServers)
  }

  @Test func noBrokerIsNowhere() { #expect(!Self.settings("").isOnThisMachine) }

  @Test(arguments: KafkaSettings.reservedProperties.sorted())
  func propertiesDoNotNameBrokers(name: String) {
    let settings = Self.settings("127.0.0.1:9092", [name: "192.0.2.1:9092"])
    #expect(!settings.isOnThisMachine && !settings.verifiesServers)
    let error = #expect(throws: KafkaError.self) { try settings.check() }
    #expect(error?.description.contains(name) == true && error?.description.contains("192.0.2.1") == false)
  }

  @Test(arguments: [
    ("kafka:9093", ["security.protocol": "SSL"], true), ("kafka:9093", ["security.protocol": "sasl_ssl"], true),
    ("kafka:9093", ["security.protocol": "SASL_PLAINTEXT"], false), ("SSL://kafka:9093", [:], true),
    ("PLAINTEXT://kafka:9092", ["security.protocol": "ssl"], false),
    ("kafka:9093", ["security.protocol": "ssl", "enable.ssl.certificate.verification": "false"], false),
    ("kafka:9093", ["security.protocol": "ssl", "ssl.endpoint.identification.algorithm": "none"], false),
    ("kafka:9093", ["security.protocol": "ssl", "ssl.endpoint.identification.algorithm": "https"], true),
    ("127.0.0.1:9092,kafka:9093", ["security.protocol": "ssl"], true),
  ])
  func remoteBrokersProveWhoTheyAreByTLS(servers: String, properties: [String: String], isVerified: Bool) {
    #expect(Self.settings(servers, properties).verifiesServers == isVerified)
  }
}
