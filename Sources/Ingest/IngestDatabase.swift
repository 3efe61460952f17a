import Persistence
package import PostgresIO
package import Telemetry

/// The worker's way to PostgreSQL: one connection, opened again when it was lost, and calls that are repeated while
/// what failed is transient.
package actor IngestDatabase {
  private let settings: PostgresSettings
  private let logger: Logger
  private let metrics: IngestMetrics
  private let health: IngestHealth
  private var repository: IngestRepository?
  private var opening: Task<Result<IngestRepository, PostgresError>, Never>?

  package init(settings: PostgresSettings, registry: MetricsRegistry, health: IngestHealth, logger: Logger) {
    self.settings = settings
    self.logger = logger
    self.health = health
    metrics = IngestMetrics(registry)
  }

  /// Closes the connection; the next call opens another.
  package func close() async {
    let old = repository
    repository = nil
    await old?.close()
  }

  /// Refuses a schema that is not the one this program was built for.
  ///
  /// - Throws: `MigrationError`, which says what to do; transient errors are waited out.
  func checkSchema(until stop: StopFlag) async throws {
    var backoff = Backoff()
    var generator = SystemRandomNumberGenerator()
    while true {
      do {
        let connection = try await PostgresConnection.open(settings, logger: logger)
        do {
          try await MigrationRunner(connection: connection, logger: logger).verify()
        } catch {
          await connection.close()
          throw error
        }
        return await connection.close()
      } catch let error as PostgresError where error.isTransient {
        logger.warning("PostgreSQL is not ready; trying again", metadata: ["error": .string(error.description)])
      }
      try await stop.sleep(for: backoff.delay(using: &generator))
    }
  }

  /// What must hold before anything is read: the schema and the secret are this program's, the partitions of the
  /// sample table exist, the model is known. Returns the model's key.
  func prepare(fingerprint: String, model: ModelDescription, until stop: StopFlag) async throws -> Int32 {
    try await checkSchema(until: stop)
    let (isOurs, key) = try await retrying(until: stop) { repository throws(PostgresError) in
      guard try await repository.checkSecretFingerprint(fingerprint) else { return (false, Int32(0)) }
      _ = try await repository.premake()
      return (true, try await repository.registerModel(model))
    }
    guard isOurs else { throw IngestError.secretDiffers }
    return key
  }

  /// One attempt, on a connection that is open or is opened for it.
  func attempt<Value: Sendable>(
    _ body: @Sendable (IngestRepository) async throws(PostgresError) -> Value
  ) async throws(PostgresError) -> Value {
    let repository = try await connected()
    do throws(PostgresError) {
      let value = try await body(repository)
      health.setDatabaseReachable(true)
      return value
    } catch {
      if error.connectionIsLost, self.repository === repository {
        self.repository = nil
        health.setDatabaseReachable(false)
      }
      throw error
    }
  }

  /// Attempts until it succeeds, fails for good, or `stop` is raised; waits between attempts, longer each time.
  ///
  /// - Throws: `PostgresError` that is not transient, or `StopRequested`.
  func retrying<Value: Sendable>(
    until stop: StopFlag, _ body: @Sendable (IngestRepository) async throws(PostgresError) -> Value
  ) async throws -> Value {
    var backoff = Backoff()
    var generator = SystemRandomNumberGenerator()
    while true {
      do throws(PostgresError) {
        return try await attempt(body)
      } catch {
        guard error.isTransient else { throw error }
        metrics.retries.increment()
        logger.warning(
          "a database call failed and is repeated", metadata: ["error": .string(error.description)])
      }
      try await stop.sleep(for: backoff.delay(using: &generator))
    }
  }

  /// The open connection, or the one that is being opened: however many wait, one is opened.
  private func connected() async throws(PostgresError) -> IngestRepository {
    if let repository { return repository }
    let task =
      opening
      ?? Task { [settings, logger] in
        do throws(PostgresError) {
          return .success(try await IngestRepository.open(settings, logger: logger))
        } catch {
          return .failure(error)
        }
      }
    opening = task
    let result: Result<IngestRepository, PostgresError> = await task.value
    if opening == task {
      opening = nil
      repository = try? result.get()
      health.setDatabaseReachable(repository != nil)
    }
    return try result.get()
  }
}
