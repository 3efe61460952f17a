import KafkaIO
import PostgresIO
import Services
import Telemetry

/// Whether Kafka and PostgreSQL answer at this moment, for `/ready`.
///
/// Asked on connections of its own, because an idle worker or aggregator may not notice for minutes that a server is
/// gone, and a busy one's connections have other things to do. One answer is good for two seconds, however often it is
/// asked for.
actor ServerProbe {
  private static let freshness = Duration.seconds(2)
  private static let deadline = Duration.seconds(2)

  private let kafka: KafkaSettings?
  private let postgres: PostgresSettings
  private let thread = ThreadExecutor(name: "probe")
  private var admin: KafkaAdmin?
  private let uptime: @Sendable () -> Duration
  private var asked: (at: Duration, answer: Task<[String], Never>)?

  /// - Parameter kafka: nil for a program that does not use it.
  init(kafka: KafkaSettings?, postgres: PostgresSettings, uptime: @escaping @Sendable () -> Duration) {
    (self.kafka, self.uptime) = (kafka, uptime)
    var postgres = postgres
    postgres.connectDeadline = Self.deadline
    postgres.statementDeadline = Self.deadline
    self.postgres = postgres
  }

  /// A phrase for each server that does not answer, safe to show; empty when all answer. Takes about two seconds at
  /// most.
  func problems() async -> [String] {
    if let asked, uptime() - asked.at < Self.freshness { return await asked.answer.value }
    let answer = Task { await ask() }
    asked = (uptime(), answer)
    return await answer.value
  }

  private func ask() async -> [String] {
    async let database = postgresProblem()
    let broker = await kafkaProblem()
    return [broker, await database].compactMap { $0 }
  }

  private func kafkaProblem() async -> String? {
    guard let kafka else { return nil }
    do throws(KafkaError) {
      // The worker's own clients already log librdkafka's messages.
      if admin == nil { admin = try KafkaAdmin(settings: kafka, logger: .silent) }
      guard let client = admin else { return nil }
      try await thread.run { () throws(KafkaError) in try client.ping(timeout: Self.deadline) }
      return nil
    } catch {
      return error.isRefusal ? "Kafka refuses the login or the connection's security" : "Kafka cannot be reached"
    }
  }

  private func postgresProblem() async -> String? {
    do throws(PostgresError) {
      let connection = try await PostgresConnection.open(postgres, logger: .silent)
      await connection.close()
      return nil
    } catch {
      return "PostgreSQL cannot be reached"
    }
  }
}
