import Foundation
import KafkaIO
import LearningEvents
import Processes
import Telemetry
import TestSupport
import Testing

extension Program {
  /// Logging in to Apache Kafka by SASL/PLAIN, without and with TLS, through nothing but configuration.
  @Suite(
    .enabled(if: LocalKafka.isPresent && builtExecutable != nil, LocalKafka.missing),
    .enabled(if: !KafkaTestServer.isReal, "a Kafka of its own: only the embedded broker's round runs it"))
  struct SecuredKafka {
    private struct Finding: Decodable {
      let subject, state, detail: String
      let remedy: String?
    }

    /// A broker with a listener of each kind beside the plain one: SASL on the second port after it, SASL over TLS on
    /// the third.
    private func withBroker(_ body: (LocalKafka) async throws -> Void) async throws {
      try await LocalKafka.run { port, folder in
        let certificate = ChildCommand(
          "openssl",
          [
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", "\(folder)/key.pem", "-out", "\(folder)/ca.pem",
          ])
        try await ProcessLauncher().run(certificate, deadline: .seconds(30)).requireSuccess()
        var store = try Data(contentsOf: URL(filePath: "\(folder)/key.pem"))
        store.append(try Data(contentsOf: URL(filePath: "\(folder)/ca.pem")))
        try store.write(to: URL(filePath: "\(folder)/store.pem"))
        let listeners =
          "PLAINTEXT://127.0.0.1:\(port),SASL_PLAINTEXT://127.0.0.1:\(port + 2),SASL_SSL://localhost:\(port + 3)"
        var settings = [
          "listeners": "\(listeners),CONTROLLER://127.0.0.1:\(port + 1)", "advertised.listeners": listeners,
          "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512", "ssl.keystore.type": "PEM",
          "ssl.keystore.location": "\(folder)/store.pem",
        ]
        for name in ["sasl_plaintext", "sasl_ssl"] {
          settings["listener.name.\(name).plain.sasl.jaas.config"] =
            "org.apache.kafka.common.security.plain.PlainLoginModule required user_lms=\"secret\";"
          settings["listener.name.\(name).scram-sha-512.sasl.jaas.config"] =
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        }
        return settings
      } _: {
        try await body($0)
      }
    }

    private func run(_ arguments: [String], servers: String, properties: String) async throws -> ProcessResult {
      let command = ChildCommand(
        try #require(builtExecutable), arguments,
        environment: [
          "LECTERN_KAFKA_BOOTSTRAP_SERVERS": servers, "LECTERN_KAFKA_PROPERTIES": properties,
          "LECTERN_POSTGRES_URL": nil,
        ])
      return try await ProcessLauncher().run(command, deadline: .seconds(60))
    }

    private func doctor(_ subject: String, servers: String, properties: String) async throws -> Finding {
      let result = try await run(["doctor", "--json"], servers: servers, properties: properties)
      let findings = try JSONDecoder().decode([Finding].self, from: Data(result.output))
      // A password is in no output.
      #expect(!(result.outputText + result.errorText).contains("hunter2"))
      return try #require(findings.first { $0.subject == subject }, "\(result.outputText)\(result.errorText)")
    }

    @Test(.timeLimit(.minutes(4))) func plainWithAndWithoutTLS() async throws {
      try await withBroker { broker in
        let login = "sasl.mechanisms=PLAIN,sasl.username=lms,sasl.password="
        let ways = [
          (servers: "127.0.0.1:\(broker.port + 2)", properties: "security.protocol=SASL_PLAINTEXT,\(login)"),
          (
            servers: "localhost:\(broker.port + 3)",
            properties: "security.protocol=SASL_SSL,ssl.ca.location=\(broker.folder)/ca.pem,\(login)"
          ),
        ]
        let picture = "\(broker.folder)/frame.png"
        try Data(IngestPictures.picture(1)).write(to: URL(filePath: picture))
        for (number, way) in ways.enumerated() {
          let topics: [TopicName] = ["frames-\(number)", "control-\(number)"]
          let admin = try KafkaAdmin(
            settings: KafkaSettings(bootstrapServers: broker.bootstrapServers), logger: .silent)
          try await BlockingThread().run {
            for topic in topics { try admin.createTopic(topic, partitions: 1) }
          }
          let published = try await run(
            ["publish", "--topic", topics[0].text, "--control-topic", topics[1].text, picture], servers: way.servers,
            properties: way.properties + "secret")
          #expect(published.status == .exited(0), "\(published.errorText)")
          // A member of a group, as a worker is, reads it through the same door.
          let pairs = (way.properties + "secret").split(separator: ",").map { $0.split(separator: "=", maxSplits: 1) }
          let properties = Dictionary(uniqueKeysWithValues: pairs.map { (String($0[0]), String($0[1])) })
          let partition = TopicPartition(topic: topics[0], partition: 0)
          let settings = KafkaSettings(bootstrapServers: way.servers, properties: properties)
          let source = try await BlockingThread().run {
            let consumer = try KafkaConsumer(
              settings: settings, groupID: "g\(number)", topics: [topics[0]], logger: .silent)
            try consumer.subscribe()
            let deadline = ContinuousClock.now + .seconds(30)
            while consumer.assignment.isEmpty, ContinuousClock.now < deadline {
              _ = consumer.poll(timeout: .milliseconds(100))
            }
            consumer.close()
            let record = try KafkaReader(settings: settings, logger: .silent)
              .record(at: partition, offset: 0, timeout: .seconds(10))
            return try record?.decodeFrame().event.source
          }
          #expect(source == "https://lms.example/replay")

          let good = try await doctor("Kafka", servers: way.servers, properties: way.properties + "secret")
          #expect(good.state == "good", "\(good)")
          let bad = try await doctor("Kafka", servers: way.servers, properties: way.properties + "hunter2")
          #expect(bad.state == "missing" && bad.detail.contains("_AUTHENTICATION"), "\(bad)")
          #expect(bad.remedy?.contains("check the user, password") == true)
        }
        let untrusted = try await doctor(
          "Kafka", servers: ways[1].servers, properties: "security.protocol=SASL_SSL,\(login)secret")
        #expect(untrusted.state == "missing" && untrusted.detail.contains("_SSL"), "\(untrusted)")
        #expect(untrusted.remedy?.contains("ssl.ca.location") == true)
        try await checkSCRAM(ways[0].servers)
      }
    }

    /// Under a librdkafka whose SCRAM is wrong, everybody is told so before a password is doubted.
    private func checkSCRAM(_ servers: String) async throws {
      let properties =
        "security.protocol=SASL_PLAINTEXT,sasl.mechanisms=SCRAM-SHA-512,sasl.username=lms,sasl.password=hunter2"
      let library = try await doctor("librdkafka", servers: servers, properties: properties)
      let login = try await doctor("Kafka", servers: servers, properties: properties)
      let config = try await run(["config"], servers: servers, properties: properties)
      #expect(login.state == "missing" && login.detail.contains("_AUTHENTICATION"), "\(login)")
      #expect(config.status == .exited(0))
      if KafkaLibrary.hasCorrectSCRAM {
        #expect(library.state == "good")
        #expect(!config.errorText.contains("nonce"))
      } else {
        #expect(library.state == "warning" && library.detail.contains("which is configured here"))
        #expect(login.remedy?.contains("librdkafka 2.6.1") == true, "\(login)")
        #expect(config.errorText.contains("nonce") && config.errorText.contains("whatever the password"))
      }
    }
  }
}
