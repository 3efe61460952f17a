package import LearningEvents
import Persistence
package import PostgresIO
import Services
package import Telemetry

/// The worker's way to PostgreSQL: one connection, opened again when it was lost, and calls that are repeated while
/// what failed is transient.
package actor IngestDatabase {
  /// What every connection is asked before it is used.
  private struct Identity {
    let fingerprint: String
    let model: ModelDescription
  }

  private struct Connected {
    let repository: IngestRepository
    let number: Int
    /// Zero until the program has said who it is (`prepare`).
    let modelKey: Int32
  }

  /// Set by the database on every connection and every hour (`PartitionUpkeep`).
  package nonisolated let clock: DatabaseClock

  private let settings: PostgresSettings
  private let logger: Logger
  private let metrics: IngestMetrics
  private let health: IngestHealth
  private var identity: Identity?
  private var current: Connected?
  private var opened = 0
  private var opening: Task<Result<Connected, PostgresError>, Never>?
  /// When the first call failed since PostgreSQL last answered one; nil while it answers.
  private var awaySince: ContinuousClock.Instant?

  package init(
    settings: PostgresSettings, registry: MetricsRegistry, health: IngestHealth, logger: Logger,
    clock: @escaping @Sendable () -> EventTime
  ) {
    self.settings = settings
    self.clock = DatabaseClock(clock)
    self.logger = logger
    self.health = health
    metrics = IngestMetrics(registry)
  }

  /// A call that failed so often in a row over a living connection makes the worker not ready: serialization failures
  /// and deadlocks are over by then.
  private static let refusalsToReport = 3

  /// How often partitions are made for one call. A day without one after that lies beyond what is made ahead.
  private static let partitionRemakes = 3

  /// Runs work over the database and closes the connection after it, however it ends.
  nonisolated func closing<Value: Sendable>(_ work: () async throws -> Value) async throws -> Value {
    do {
      let value = try await work()
      await close()
      return value
    } catch {
      await close()
      throw error
    }
  }

  /// Closes the connection; the next call opens another.
  package func close() async {
    let old = current
    current = nil
    await old?.repository.close()
  }

  /// Refuses a schema that is not the one this program was built for.
  ///
  /// - Throws: `MigrationError`, which says what to do; transient errors are waited out.
  func checkSchema(until stop: StopFlag) async throws {
    var backoff = Backoff()
    while true {
      do {
        return try await PostgresConnection.with(settings, logger: logger) { connection in
          try await MigrationRunner(connection: connection, logger: logger).verify()
        }
      } catch let error as PostgresError where error.isTransient {
        logger.warning("PostgreSQL is not ready; trying again", metadata: ["error": .string(error.description)])
      }
      try await stop.sleep(for: backoff.delay())
    }
  }

  /// What must hold before anything is read: the schema and the secret are this program's, the partitions of the
  /// sample table exist, the model is known. All but the schema is looked at again on every later connection: another
  /// database may stand behind it.
  func prepare(fingerprint: String, model: ModelDescription, until stop: StopFlag) async throws {
    try await checkSchema(until: stop)
    identity = Identity(fingerprint: fingerprint, model: model)
    do {
      try await retrying(until: stop) { _ in }
    } catch let error as PostgresError where error.code == .otherSecret {
      throw IngestError.secretDiffers
    }
  }

  /// The use of the connection that is open now, or of the next one.
  func lease(until stop: StopFlag) async throws -> DatabaseLease {
    try await retrying(until: stop) { _ in }
    // It may be lost by now; who uses the lease is told.
    guard let current else { return DatabaseLease(database: self, number: 0, modelKey: 0) }
    return DatabaseLease(database: self, number: current.number, modelKey: current.modelKey)
  }

  /// The number of the connection that is open; 0 if none is.
  var connectionNumber: Int { current?.number ?? 0 }

  /// One attempt, on a connection that is open or is opened for it.
  ///
  /// - Parameter number: the connection that must be the one; any if nil.
  /// - Throws: `PostgresError`; `LeaseEnded` if the connection is another.
  func attempt<Value: Sendable>(
    on number: Int? = nil, _ body: @Sendable (IngestRepository) async throws -> Value
  ) async throws -> Value {
    let connected = try await connected()
    if let number, number != connected.number { throw LeaseEnded() }
    do {
      let value = try await body(connected.repository)
      noteAnswer()
      return value
    } catch let error as PostgresError where error.connectionIsLost && current?.number == connected.number {
      current = nil
      if !error.serverAnswered { health.setDatabaseReachable(false) }
      throw error
    }
  }

  /// Attempts until it succeeds, fails for good, or `stop` is raised; waits between attempts, longer each time.
  ///
  /// Where a day has no partition it is made, whoever removed it: that is no record's fault.
  ///
  /// - Parameters:
  ///   - number: as for `attempt`.
  ///   - deadlines: how often it may run into the statement's deadline before it is taken to be too much at once.
  /// - Throws: `PostgresError` that is not transient, `LeaseEnded`, also after so many deadlines, or `StopRequested`.
  func retrying<Value: Sendable>(
    until stop: StopFlag, on number: Int? = nil, deadlines: Int = .max,
    _ body: @Sendable (IngestRepository) async throws -> Value
  ) async throws -> Value {
    var backoff = Backoff()
    var refusals = 0
    var deadlines = deadlines
    var remakes = Self.partitionRemakes
    defer { if refusals >= Self.refusalsToReport { health.endRefusal() } }
    while true {
      do {
        return try await attempt(on: number, body)
      } catch let error as PostgresError where error.isTransient {
        metrics.retries.increment()
        if error.serverAnswered {
          refusals += 1
          // Who waited for a lock has waited for long already.
          if error.code == .lockNotAvailable { refusals = max(refusals, Self.refusalsToReport) }
          if refusals == Self.refusalsToReport { health.beginRefusal(error.code.rawValue) }
        }
        noteFailure(error)
        if error.code == .queryCanceled { deadlines -= 1 }
        if deadlines == 0 { throw LeaseEnded() }
      } catch let error as PostgresError where error.code == .missingPartition && remakes > 0 {
        remakes -= 1
        logger.warning("a day has no partition in the sample table, which is made")
        _ = try await retrying(until: stop, on: number) { try await $0.premake() }
      }
      try await stop.sleep(for: backoff.delay())
    }
  }

  private func noteAnswer() {
    health.setDatabaseReachable(true)
    guard let since = awaySince else { return }
    awaySince = nil
    logger.info("PostgreSQL answers again", metadata: ["seconds": .seconds(since.duration(to: .now))])
  }

  /// While PostgreSQL is away every partition fails again and again: the first failure is news, the rest is not.
  private func noteFailure(_ error: PostgresError) {
    let isNews = error.serverAnswered || awaySince == nil
    if !error.serverAnswered, awaySince == nil { awaySince = .now }
    logger.log(
      isNews ? .warning : .debug, "a database call failed and is repeated",
      metadata: ["error": .string(error.description)])
  }

  /// The open connection, or the one that is being opened: however many wait, one is opened.
  private func connected() async throws(PostgresError) -> Connected {
    if let current { return current }
    let task: Task<Result<Connected, PostgresError>, Never>
    if let opening {
      task = opening
    } else {
      opened += 1
      task = Task { [settings, logger, identity, opened, clock] in
        do throws(PostgresError) {
          return .success(try await Self.open(settings, as: identity, number: opened, clock, logger: logger))
        } catch {
          return .failure(error)
        }
      }
      opening = task
    }
    let result = await task.value
    if opening == task {
      opening = nil
      current = try? result.get()
      health.setDatabaseReachable(current != nil)
    }
    return try result.get()
  }

  private static func open(
    _ settings: PostgresSettings, as identity: Identity?, number: Int, _ clock: DatabaseClock, logger: Logger
  ) async throws(PostgresError) -> Connected {
    let repository = try await IngestRepository.open(settings, logger: logger)
    guard let identity else { return Connected(repository: repository, number: number, modelKey: 0) }
    do throws(PostgresError) {
      guard try await repository.checkSecretFingerprint(identity.fingerprint) else {
        throw PostgresError(
          code: .otherSecret, message: "the database was begun with another pseudonym secret",
          operation: "connecting")
      }
      try await clock.set { () throws(PostgresError) in try await repository.time() }
      _ = try await repository.premake()
      let model = try await repository.registerModel(identity.model)
      return Connected(repository: repository, number: number, modelKey: model)
    } catch {
      await repository.close()
      throw error
    }
  }
}

extension PostgresError.Code {
  /// The database knows another pseudonym secret than this program.
  static let otherSecret = PostgresError.Code("other_secret")
}

extension PostgresError {
  /// Whether it is a server's refusal. One that takes no writes answers, though its connection is given up.
  fileprivate var serverAnswered: Bool { !connectionIsLost || code == .readOnlyServer }
}
