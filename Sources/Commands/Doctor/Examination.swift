import Arguments
import Configuration
import Cryptography
import Foundation
import Ingest
import IsolatedDecoding
import KafkaIO
import LearningEvents
import LocalServers
import OpenCV
import Persistence
import PostgresIO
import Processes
import Recognition
import Services

/// Checks this machine and the configured servers. Every check has a deadline.
struct Examination {
  let context: CommandContext

  func findings() async -> [Finding] {
    var findings = [machine, disk(), await postgresPrograms(), cascade(), await decoder()]
    findings += [kafkaLibrary(), deployment(), bundle()] + [secret()].compactMap(\.self)
    findings.append(await kafka())
    if findings.last?.state == .good { findings += await topics() }
    findings.append(await postgres())
    return findings + (await database()) + (await retention())
  }

  /// Whether workers are to run here: nothing else but commands for operators needs both servers.
  private var isForWorkers: Bool {
    context.settings.optional(Keys.bootstrapServers) != nil && context.settings.optional(Keys.postgresURL) != nil
  }

  /// What a worker cannot do without: missing where workers are to run, and a note elsewhere.
  private func neededByWorkers(_ subject: String, _ detail: String, remedy: String) -> Finding {
    isForWorkers
      ? .missing(subject, detail, remedy: remedy) : .warning(subject, detail, remedy: remedy)
  }

  private var machine: Finding {
    MachineFinding(context.environment.resources, streams: context.recognizerFactory.streams).finding
  }

  private func disk() -> Finding {
    let folder = DemoFolder.standard(context.environment)
    var existing = URL(fileURLWithPath: folder)
    while !FileManager.default.fileExists(atPath: existing.path), existing.path != "/" {
      existing.deleteLastPathComponent()
    }
    let values = try? existing.resourceValues(forKeys: [.volumeAvailableCapacityKey])
    guard let free = values?.volumeAvailableCapacity else {
      return .warning("disk", "free space of \(folder) is unknown", remedy: "name another folder with --data-dir")
    }
    let detail = "\(free / 1_000_000) MB free for \(folder)"
    guard free > 1_000_000_000 else {
      return .missing("disk", detail, remedy: "free 1 GB there, or name another folder with --data-dir")
    }
    return .good("disk", detail)
  }

  private func postgresPrograms() async -> Finding {
    do {
      return .good(
        "postgresql", "server programs in \(try await PostgresBinaries.find(launcher: ProcessLauncher()).folder)")
    } catch {
      return .missing(
        "postgresql", "no initdb and postgres on this machine",
        remedy: "apt-get install --no-install-recommends postgresql")
    }
  }

  private func cascade() -> Finding {
    do throws(OpenCVError) {
      let paths = [try CascadeFile.find(CascadeFile.frontal), try CascadeFile.find(CascadeFile.profile)]
      return .good("face cascades", paths.joined(separator: ", "))
    } catch {
      return .missing("face cascades", error.description, remedy: "apt-get install opencv-data")
    }
  }

  private func decoder() async -> Finding {
    let isolation = context.isolation
    let name = "decoder"
    do {
      switch try await ThreadExecutor(name: "doctor").run({ try IsolatedDecoder.trial(isolation) }) {
      case true?: return .good(name, "pictures are decoded in a process that the kernel confines")
      case false?:
        let remedy = "let the container or kernel allow seccomp filters"
        guard isolation.confinement == .preferred else {
          return .missing(
            name, "the kernel offers no system call filter, and no worker starts without one",
            remedy: "\(remedy), or set \(Keys.decoderSandbox.name) to preferred")
        }
        return .warning(
          name, "pictures are decoded in a process of their own, which the kernel does not confine", remedy: remedy)
      case nil:
        return .missing(name, "a decoder was started and did not come up", remedy: "raise \(Keys.decoderMemory.name)")
      }
    } catch {
      return .missing(
        name, "\(error)",
        remedy: "let this user start processes (ulimit -u, the service's TasksMax), with /proc mounted")
    }
  }

  private func kafkaLibrary() -> Finding {
    guard !KafkaLibrary.hasCorrectSCRAM else { return .good("librdkafka", KafkaLibrary.version) }
    return .warning(
      "librdkafka",
      "\(KafkaLibrary.version); its SCRAM login\(context.kafka.usesSCRAM ? ", which is configured here," : "") "
        + "is refused by Kafka 4 as wrong credentials, whatever the password",
      remedy: "log in with SASL/PLAIN over TLS or with certificates, or use librdkafka 2.6.1 or newer")
  }

  private func deployment() -> Finding {
    do throws(DeploymentRefusal) {
      let gate = try context.deploymentGate()
      return .good("deployment", "\(gate.purpose.rawValue) in \(gate.region): workers may run")
    } catch {
      return neededByWorkers("deployment", "workers will not start", remedy: error.description)
    }
  }

  /// Nothing where a secret is configured: the database says whether it is its own.
  private func secret() -> Finding? {
    guard isForWorkers, context.settings.optional(Keys.pseudonymSecret) == nil else { return nil }
    return .missing(
      "pseudonym secret", "none is configured: workers will not start",
      remedy: "set \(Keys.pseudonymSecret.name)_FILE to the file that all workers share (docs/operations.md, Secrets)")
  }

  /// For a server that every other command is refused for. It gets no login to look at either: whoever answers there
  /// would have it.
  private func refusal(of server: Server, _ subject: String) -> Finding? {
    context.refusal(of: server).map { .missing(subject, "not asked: \($0.problem)", remedy: $0.remedy) }
  }

  /// Whether PostgreSQL is configured and may be given a login.
  private var asksPostgres: Bool {
    context.settings.optional(Keys.postgresURL) != nil && context.refusal(of: .postgres) == nil
  }

  private func bundle() -> Finding {
    guard let folder = context.settings.optional(Keys.bundle)?.path else {
      return neededByWorkers(
        "model bundle", "none is configured; the demo makes an untrained one",
        remedy:
          "set \(Keys.bundle.name) for workers; 'lectern demo' leaves an untrained one in \(DemoFolder(path: DemoFolder.standard(context.environment)).model)"
      )
    }
    do {
      let stored = try StoredBundle.load(from: folder)
      try context.requirePinnedModel(stored)
      return .good("model bundle", "\(stored.bundle.manifest.name), \(stored.id.text)")
    } catch let error as ConfigurationError {
      return .missing("model bundle", "\(error.problem), not \(error.value ?? "")", remedy: error.remedy)
    } catch {
      return .missing("model bundle", "\(error)", remedy: "set \(Keys.bundle.name) to a folder with a bundle")
    }
  }

  private func kafka() async -> Finding {
    guard context.settings.optional(Keys.bootstrapServers) != nil else {
      return .good("Kafka", "not configured; the demo brings its own broker")
    }
    if let refusal = refusal(of: .kafka, "Kafka") { return refusal }
    let settings = context.kafka
    let logger = context.logger
    let thread = ThreadExecutor(name: "doctor")
    do throws(KafkaError) {
      let id = try await thread.run { () throws(KafkaError) in
        try settings.check()
        return try KafkaAdmin(settings: settings, logger: logger).clusterID(timeout: .seconds(5))
      }
      return .good("Kafka", "cluster \(id)")
    } catch {
      return .missing("Kafka", "\(error)", remedy: kafkaRemedy(error, settings))
    }
  }

  /// What Kafka, which has answered, does with the records of the two topics; nothing where none is configured.
  private func topics() async -> [Finding] {
    guard context.settings.optional(Keys.bootstrapServers) != nil else { return [] }
    let (kafka, logger) = (context.kafka, context.logger)
    let topics = [
      ("frame topic", context.settings[Keys.frameTopic]), ("control topic", context.settings[Keys.controlTopic]),
    ]
    return await ThreadExecutor(name: "doctor").run {
      var frames: TopicSettings?
      return topics.map { subject, topic in
        do throws(KafkaError) {
          let admin = try KafkaAdmin(settings: kafka, logger: logger)
          guard let count = try admin.partitionCount(of: topic, timeout: .seconds(5)) else {
            return .missing(subject, "\(topic) is not there", remedy: "make it, as docs/operations.md says")
          }
          let settings = (try? admin.configuration(of: topic, timeout: .seconds(5))).map { TopicSettings($0) }
          defer { frames = frames ?? settings }
          return TopicFinding(
            subject: subject, topic: topic, partitions: count, settings: settings, frames: frames
          ).finding
        } catch {
          return .missing(subject, "\(error)", remedy: "let this user describe \(topic)")
        }
      }
    }
  }

  private func kafkaRemedy(_ error: KafkaError, _ settings: KafkaSettings) -> String {
    switch error.code {
    case .ssl: "check security.protocol and ssl.ca.location in \(Keys.kafkaProperties.name)"
    // Before anybody hunts for a password.
    case _ where error.isRefusal:
      settings.warnings.first ?? "check the user, password and sasl.mechanisms in \(Keys.kafkaProperties.name)"
    default: "check \(Keys.bootstrapServers.name) and \(Keys.kafkaProperties.name)"
    }
  }

  private func postgres() async -> Finding {
    guard context.settings.optional(Keys.postgresURL) != nil else {
      return .good("PostgreSQL", "not configured; the demo brings its own server")
    }
    if let refusal = refusal(of: .postgres, "PostgreSQL") { return refusal }
    do {
      try await context.withMigrations { try await $0.verify() }
      return .good("PostgreSQL", "reachable, its schema is this program's")
    } catch let error as MigrationError {
      return .missing("PostgreSQL", "reachable, but its schema is not this program's", remedy: error.description)
    } catch {
      return .missing("PostgreSQL", "\(error)", remedy: "check \(Keys.postgresURL.name)")
    }
  }

  /// What matters beside the schema; nothing where no PostgreSQL is asked, or it does not let this user in.
  private func database() async -> [Finding] {
    guard asksPostgres else { return [] }
    let secret = context.settings.optional(Keys.pseudonymSecret).map { _ in context.pseudonymizer.fingerprint }
    let clock = context.clock
    let facts = try? await context.withConnection(application: "doctor") { connection in
      try await DatabaseFacts(on: connection, secret: secret, clock: clock)
    }
    return facts?.findings ?? []
  }

  /// What the database still holds beside what it is to hold; nothing where this user may not read samples.
  private func retention() async -> [Finding] {
    guard asksPostgres else { return [] }
    let (days, months) = (context.settings[Keys.sampleRetention], context.settings[Keys.aggregateRetention])
    let facts = try? await context.withConnection(role: .aggregator, application: "doctor") { connection in
      try await RetentionFacts(on: connection, sampleDays: days, sumMonths: months)
    }
    return facts.map { [$0.finding] } ?? []
  }
}
