import Foundation
import Testing

/// Where commands refuse to connect to, by what librdkafka and libpq would do: whole command lines, in memory.
@Suite struct ServerCheckTests {
  static let local = [
    "LECTERN_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "LECTERN_POSTGRES_URL": "host=127.0.0.1 port=9",
  ]

  /// A worker that would start if its bundle were one.
  static func worker(_ purpose: String, _ variables: [String: String]) async -> CommandLineRun {
    let deployment = [
      "LECTERN_DEPLOYMENT_REGION": "CH", "LECTERN_DEPLOYMENT_PURPOSE": purpose,
      "LECTERN_PSEUDONYM_SECRET": String(repeating: "s", count: 32), "LECTERN_MODEL_BUNDLE": "/nonexistent",
    ]
    return await CommandLineRun(
      "worker", variables: deployment.merging(local) { $1 }.merging(variables) { $1 })
  }

  /// Ways to another machine that leave "localhost" in sight.
  static let detours: [[String: String]] = [
    ["LECTERN_POSTGRES_URL": "host=localhost hostaddr = 192.0.2.1"],
    ["LECTERN_POSTGRES_URL": "host=localhost service=evil"],
    ["LECTERN_POSTGRES_URL": "host=127.0.0.1 service = evil"],
    ["LECTERN_POSTGRES_URL": "host=localhost", "PGHOSTADDR": "192.0.2.1"],
    ["LECTERN_POSTGRES_URL": "host=localhost", "PGSERVICE": "evil"],
    ["LECTERN_POSTGRES_URL": "dbname=lectern", "PGHOST": "192.0.2.1"],
    ["LECTERN_KAFKA_PROPERTIES": "bootstrap.servers=192.0.2.1:9092"],
    ["LECTERN_KAFKA_PROPERTIES": "metadata.broker.list=192.0.2.1:9092"],
    ["LECTERN_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9,192.0.2.1:9092"],
  ]

  @Test(arguments: detours)
  func aDemonstrationStaysOnThisMachine(variables: [String: String]) async {
    let allowed = ["LECTERN_ALLOW_UNVERIFIED_SERVERS": "kafka,postgres"]
    let run = await Self.worker("demonstration", variables.merging(allowed) { $1 })
    #expect(run.code == 78 && run.output.isEmpty)
    #expect(
      run.errors.contains("loopback servers only")
        || run.errors.contains("LECTERN_KAFKA_BOOTSTRAP_SERVERS alone says where Kafka is"), "\(run.errors)")
    #expect(!run.errors.contains("192.0.2.1"))
  }

  @Test func whatIsOnThisMachineMayBeDemonstrated() async {
    for url in ["host=/run/postgresql", "postgresql:///lectern", "host=localhost"] {
      let run = await Self.worker("demonstration", ["LECTERN_POSTGRES_URL": url])
      #expect(run.code == 78 && run.errors.contains("LECTERN_MODEL_BUNDLE=/nonexistent"), "\(run.errors)")
    }
  }

  /// Brokers are named by one key, whatever the purpose and the command.
  @Test(arguments: ["bootstrap.servers", "metadata.broker.list"])
  func propertiesNameNoBrokers(name: String) async {
    for words in [["tap"], ["publish", "/nonexistent"], ["doctor"], ["config"]] {
      let run = await CommandLineRun(
        words, variables: ["LECTERN_KAFKA_PROPERTIES": "\(name)=127.0.0.1:9"].merging(Self.local) { $1 })
      #expect(run.code == 78 && run.errors.contains("alone says where Kafka is"), "\(words): \(run.errors)")
    }
  }

  /// Every command with the servers that it talks to where they are configured, some with an option that matters for
  /// it. But for the demo, which brings its own, and for doctor, which says what it does not ask.
  static let commands: [(line: String, servers: Set<String>)] = [
    ("migrate up", ["postgres"]), ("migrate status", ["postgres"]), ("migrate verify", ["postgres"]),
    ("worker", ["kafka", "postgres"]), ("aggregate --once", ["postgres"]), ("serve", ["postgres"]),
    ("report run 1", ["postgres"]), ("report list", ["postgres"]), ("publish /nonexistent", ["kafka"]),
    ("classify /nonexistent", []), ("features -o /nonexistent/x.safetensors /nonexistent", []), ("model info", []),
    ("model import --out /nonexistent", []),
    ("dataset import /nonexistent --out /nonexistent/x --licence x --consent x", []),
    ("dataset split /nonexistent --name x", []), ("dataset stats /nonexistent", []),
    ("dataset synthesize --out /nonexistent/x", []), ("events check /nonexistent", []), ("config", []),
    ("completion bash", []), ("course import /nonexistent", ["postgres"]),
    ("consent import /nonexistent", ["postgres"]), ("consent list", ["postgres"]),
    ("consent grant --source urn:lms --learner anna", ["postgres"]),
    ("consent revoke --source urn:lms --learner anna", ["kafka", "postgres"]),
    ("consent revoke --source urn:lms --learner anna --database-only", ["postgres"]),
    ("consent show --source urn:lms --learner anna", ["postgres"]),
    ("consent publish --source urn:lms --learner anna", ["kafka", "postgres"]),
    ("erase --source urn:lms --learner anna", ["postgres"]),
    ("erase --source urn:lms --learner anna --yes", ["kafka", "postgres"]),
    ("erase --source urn:lms --learner anna --yes --database-only", ["postgres"]),
    ("learner show --source urn:lms --learner anna", ["postgres"]),
    ("learner export --source urn:lms --learner anna", ["postgres"]), ("ledger show", ["kafka", "postgres"]),
    ("ledger accept-gap --partition 0", ["kafka", "postgres"]),
    ("ledger new-incarnation --partition 0", ["kafka", "postgres"]), ("rejects list", ["postgres"]),
    ("rejects retry", ["kafka", "postgres"]), ("top --once", ["kafka", "postgres"]), ("tap", ["kafka"]),
    ("verify", ["kafka", "postgres"]), ("verify --database-only", ["postgres"]), ("audit list", ["postgres"]),
  ]

  @Test func everyCommandIsInTheTable() throws {
    let help = try String(
      contentsOf: repository.appending(path: "Tests/CommandsTests/Expected/help.txt"), encoding: .utf8)
    let usages = help.matches(of: #/\$ lectern ?([a-z -]*?) ?--help\n(?:.*\n)*?Usage: (.*)\n/#)
    let names = usages.filter { !$0.output.2.hasSuffix("<command>") }.map { String($0.output.1) }
    #expect(names.count > 20)
    for name in names where name != "demo" && name != "doctor" {
      #expect(Self.commands.contains { "\($0.line) ".hasPrefix("\(name) ") }, "\(name) is missing")
    }
  }

  /// Each server that it talks to, and no other, has to prove who it is.
  @Test(arguments: commands.map(\.line))
  func aCommandIsRefusedForTheServersThatItTalksTo(line: String) async throws {
    let servers = try #require(Self.commands.first { $0.line == line }).servers
    for url in ["postgresql://lectern:hush@db.example/lectern", "host=db.example sslmode=require"] {
      let run = await CommandLineRun(
        line.split(separator: " ").map(String.init),
        variables: [
          "LECTERN_KAFKA_BOOTSTRAP_SERVERS": "kafka.example:9092", "LECTERN_POSTGRES_URL": url,
          "LECTERN_PSEUDONYM_SECRET": String(repeating: "s", count: 32), "LECTERN_DEPLOYMENT_REGION": "CH",
          "LECTERN_DEPLOYMENT_PURPOSE": "education", "LECTERN_MODEL_BUNDLE": "/nonexistent",
        ])
      let refusals = run.errors.split(separator: "\n").filter { $0.contains("need not prove") }
      #expect(refusals.count == servers.count, "\(run.errors)")
      let (kafka, postgres) = (servers.contains("kafka"), servers.contains("postgres"))
      #expect(run.errors.contains("error: LECTERN_KAFKA_BOOTSTRAP_SERVERS (environment): ") == kafka, "\(run.errors)")
      #expect(run.errors.contains("security.protocol=SSL or SASL_SSL") == kafka, "\(run.errors)")
      #expect(run.errors.contains("error: LECTERN_POSTGRES_URL (environment): ") == postgres, "\(run.errors)")
      #expect(run.errors.contains("sslmode=verify-full") == postgres, "\(run.errors)")
      #expect(run.errors.contains("LECTERN_ALLOW_UNVERIFIED_SERVERS=") == !servers.isEmpty, "\(run.errors)")
      #expect(servers.isEmpty || (run.code == 78 && run.output.isEmpty))
      #expect(!run.errors.contains("hush") && !run.errors.contains("db.example"))
    }
  }

  /// What is allowed is as far as it was asked to go: the next thing that is wrong is another.
  @Test(arguments: [
    [
      "LECTERN_KAFKA_PROPERTIES": "security.protocol=SSL",
      "LECTERN_POSTGRES_URL": "host=db.example sslmode=verify-full",
    ],
    ["LECTERN_ALLOW_UNVERIFIED_SERVERS": "kafka,postgres"],
    [
      "LECTERN_ALLOW_UNVERIFIED_SERVERS": "kafka", "LECTERN_POSTGRES_URL": "host=db.example",
      "PGSSLMODE": "verify-full",
    ],
  ])
  func whoeverIsToldOrVerifiesMayGoOn(variables: [String: String]) async {
    let remote = ["LECTERN_KAFKA_BOOTSTRAP_SERVERS": "kafka-1:9092", "LECTERN_POSTGRES_URL": "host=db.example"]
    let run = await Self.worker("education", remote.merging(variables) { $1 })
    #expect(run.code == 78 && run.errors.contains("LECTERN_MODEL_BUNDLE=/nonexistent"), "\(run.errors)")
  }

  @Test func bothServersAreSaidAtOnceAndOneMayBeAllowed() async {
    let remote = ["LECTERN_KAFKA_BOOTSTRAP_SERVERS": "kafka-1:9092", "LECTERN_POSTGRES_URL": "host=db.example"]
    let both = await Self.worker("education", remote)
    #expect(both.code == 78 && both.errors.split(separator: "\n").count == 2, "\(both.errors)")
    let one = await Self.worker("education", remote.merging(["LECTERN_ALLOW_UNVERIFIED_SERVERS": "kafka"]) { $1 })
    #expect(one.code == 78 && one.errors.hasPrefix("error: LECTERN_POSTGRES_URL"), "\(one.errors)")
    let wrong = await Self.worker("education", remote.merging(["LECTERN_ALLOW_UNVERIFIED_SERVERS": "redis"]) { $1 })
    #expect(wrong.code == 78 && wrong.errors.contains("expected kafka, postgres or kafka,postgres"), "\(wrong.errors)")
  }

  /// Looking at a configuration needs no server.
  @Test func aConfigurationIsShownWhateverItNames() async {
    let run = await CommandLineRun("config", variables: ["LECTERN_KAFKA_BOOTSTRAP_SERVERS": "kafka-1:9092"])
    #expect(run.code == 0 && run.output.contains("kafka-1:9092"))
  }
}

/// Where the program listens: refused before anything is bound.
@Suite struct ListenerTests {
  static func serve(_ variables: [String: String], _ words: String...) async -> CommandLineRun {
    let deployment = [
      "LECTERN_POSTGRES_URL": "host=127.0.0.1 port=9", "LECTERN_DEPLOYMENT_REGION": "CH",
      "LECTERN_DEPLOYMENT_PURPOSE": "education",
    ]
    return await CommandLineRun(["serve"] + words, variables: deployment.merging(variables) { $1 })
  }

  @Test(arguments: ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080", "lectern.example:8080"])
  func pagesStayOnThisMachine(address: String) async {
    let run = await Self.serve(["LECTERN_HTTP_LISTEN": address])
    #expect(run.code == 78 && run.errors.contains("pages have no sign-in yet"), "\(run.errors)")
  }

  @Test(arguments: ["LECTERN_HTTP_LISTEN", "LECTERN_METRICS_LISTEN"])
  func anAddressHasAHostAndAPort(key: String) async {
    for address in ["8080", ":8080", "127.0.0.1", "::1:8080", "127.0.0.1:99999", "http://127.0.0.1:80"] {
      let run = await Self.serve([key: address])
      #expect(run.code == 78 && run.errors.contains("\(key)=\(address)"), "\(run.errors)")
    }
  }

  @Test func monitorsNeedANumericAddress() async {
    let run = await Self.serve(["LECTERN_METRICS_LISTEN": "worker.example:9101"])
    #expect(run.code == 78 && run.errors.contains("a numeric address and a port"), "\(run.errors)")
  }

  @Test(arguments: [("HTTP", "127.0.0.1:0"), ("METRICS", "0.0.0.0:0")])
  func oneKeyPlacesAListener(name: String, address: String) async {
    let run = await Self.serve(["LECTERN_\(name)_LISTEN": address, "LECTERN_\(name)_PORT": "0"])
    #expect(run.code == 78)
    #expect(run.errors.contains("LECTERN_\(name)_PORT (environment) is set as well; keep one of them"), "\(run.errors)")
  }
}
