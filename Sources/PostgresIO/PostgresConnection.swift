import CPostgres
import Glibc
package import Services
package import Telemetry

/// One connection to PostgreSQL, on a thread of its own.
///
/// Its methods block that thread and nobody else. A statement is prepared when it is first used and stays prepared, so
/// that later uses take one round trip. Nothing reconnects by itself: after an error with `connectionIsLost` the owner
/// opens another connection and decides what of its work to do again.
///
///     let connection = try await PostgresConnection.open(settings, logger: logger)
///     let rows = try await connection.query("SELECT title FROM lectern.course WHERE course_id = $1", [.int8(7)])
///     let title = try rows.single().decode("title", as: String.self)
package actor PostgresConnection {
  package nonisolated let executor: ThreadExecutor
  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package nonisolated let settings: PostgresSettings
  private nonisolated let logger: Logger
  private nonisolated let canceller = Canceller()
  private var handle: ConnectionHandle?
  /// True once the connection broke; false while it is open, and if its owner closed it.
  private var isLost = false
  private let noticeBox = NoticeBox()
  private var prepared: [String: String] = [:]
  private var preparedCount = 0

  /// Statements kept prepared; the program has far fewer, so this only bounds a mistake.
  private static let preparedLimit = 512

  private init(settings: PostgresSettings, logger: Logger) {
    self.settings = settings
    self.logger = logger
    executor = ThreadExecutor(name: "postgres")
  }

  /// Connects, within `settings.connectDeadline`.
  package static func open(
    _ settings: PostgresSettings, logger: Logger
  ) async throws(PostgresError) -> PostgresConnection {
    let connection = PostgresConnection(settings: settings, logger: logger)
    try await connection.connect()
    return connection
  }

  /// Runs the body over a connection of its own, which is closed however the body ends.
  package static func with<Value: Sendable>(
    _ settings: PostgresSettings, logger: Logger, _ body: (PostgresConnection) async throws -> Value
  ) async throws -> Value {
    let connection = try await open(settings, logger: logger)
    do {
      let value = try await body(connection)
      await connection.close()
      return value
    } catch {
      await connection.close()
      throw error
    }
  }

  private func connect() throws(PostgresError) {
    let opened = try Wire.connect(settings)
    noticeBox.attach(to: opened.pointer)
    canceller.set(CancelHandle(for: opened.pointer))
    handle = consume opened
    do {
      // Before anything is set, which a pooler may leave to strangers.
      if let pointer = handle?.pointer { try PoolerCheck.run(over: pointer, settings) }
      try execute(settings.sessionSetup)
    } catch {
      close()
      throw error.explained(for: settings)
    }
  }

  /// Closes the connection; harmless if it is closed already.
  package func close() {
    canceller.set(nil)
    handle = nil
    prepared = [:]
  }

  /// True while the connection is open, alive as far as is known, and outside any transaction.
  package var isIdle: Bool {
    guard let pointer = handle?.pointer else { return false }
    return PQstatus(pointer) == CONNECTION_OK && PQtransactionStatus(pointer) == PQTRANS_IDLE
  }

  /// The server's process behind this connection (`pg_stat_activity.pid`); 0 when closed.
  package var backendProcessID: Int32 { handle?.backendProcessID ?? 0 }

  /// Takes the messages of the notices that came since the last call, oldest first.
  package func takeNotices() -> [String] { noticeBox.take() }

  /// Cancels the statement that is running, if any: it fails with `57014`. From any thread; blocks for one round trip.
  package nonisolated func cancel() { canceller.cancel() }

  /// Runs one statement with bound values and returns its rows.
  ///
  /// `deadline` replaces `settings.statementDeadline`. On its passing the statement is cancelled (57014); a server that
  /// does not even answer that costs the connection.
  @discardableResult
  package func query(
    _ sql: String, _ parameters: [PostgresParameter] = [], deadline: Duration? = nil
  ) throws(PostgresError) -> PostgresResult {
    let pointer = try openPointer("running a statement")
    let limit = (deadline ?? settings.statementDeadline).map { ContinuousClock.now + $0 }
    let name = try prepare(sql, types: parameters.map(\.type), pointer, limit)
    let lengths = parameters.map { Int32($0.bytes?.count ?? 0) }
    let sent = parameters.withPointers { values in
      PQsendQueryPrepared(pointer, name, Int32(parameters.count), values, lengths, parameters.map(\.format), 1)
    }
    do {
      return try finish(sent, pointer, limit, "running a statement", bindsValues: !parameters.isEmpty)
    } catch {
      // A changed table makes a prepared statement useless until it is prepared again.
      if error.code.rawValue == "0A000" || error.code.rawValue == "26000" { prepared[sql] = nil }
      throw error
    }
  }

  /// Runs a script: any number of statements without values, as one transaction unless it says otherwise.
  package func execute(_ script: String, deadline: Duration? = nil) throws(PostgresError) {
    let pointer = try openPointer("running a script")
    let limit = (deadline ?? settings.statementDeadline).map { ContinuousClock.now + $0 }
    _ = try finish(PQsendQuery(pointer, script), pointer, limit, "running a script")
  }

  /// Runs the body inside a transaction: commits when it returns, rolls back when it throws.
  ///
  /// The body is synchronous, so nothing else of this actor comes between and no transaction is left open.
  @discardableResult
  package func withTransaction<Value: Sendable>(
    _ mode: PostgresTransactionMode = .readCommitted,
    _ body: @Sendable (isolated PostgresConnection) throws -> Value
  ) throws -> Value {
    try execute(mode.begin)
    let value: Value
    do {
      value = try body(self)
    } catch {
      // The body's error is the cause; a connection that cannot even roll back is dead and says so next time.
      if handle != nil { try? execute("ROLLBACK") }
      throw error
    }
    let pointer = try openPointer("committing")
    let limit = settings.statementDeadline.map { ContinuousClock.now + $0 }
    let result = try finish(PQsendQuery(pointer, "COMMIT"), pointer, limit, "committing")
    guard result.commandTag == "COMMIT" else {
      // The body caught an error of a statement and went on: PostgreSQL has rolled back.
      throw PostgresError(code: .client, message: "the transaction was rolled back", operation: "committing")
    }
    return value
  }

  private func openPointer(_ operation: String) throws(PostgresError) -> OpaquePointer {
    guard let pointer = handle?.pointer else {
      // Callers that stood in line behind the one who met the failure may try again as well.
      throw PostgresError(
        code: isLost ? .connectionLost : .closed,
        message: isLost ? "the connection was lost before" : "the connection is closed", operation: operation,
        connectionIsLost: true)
    }
    return pointer
  }

  private func prepare(
    _ sql: String, types: [UInt32], _ pointer: OpaquePointer, _ limit: ContinuousClock.Instant?
  ) throws(PostgresError) -> String {
    if let name = prepared[sql] { return name }
    if prepared.count >= Self.preparedLimit {
      prepared = [:]
      try execute("DEALLOCATE ALL")
    }
    preparedCount += 1
    let name = "s\(preparedCount)"
    let sent = PQsendPrepare(pointer, name, sql, Int32(types.count), types)
    _ = try finish(sent, pointer, limit, "preparing a statement")
    prepared[sql] = name
    return name
  }

  private func finish(
    _ sent: Int32, _ pointer: OpaquePointer, _ limit: ContinuousClock.Instant?, _ operation: String,
    bindsValues: Bool = false
  ) throws(PostgresError) -> PostgresResult {
    do {
      return try Wire.finish(sent, pointer, limit, canceller, operation, bindsValues: bindsValues)
    } catch {
      if error.connectionIsLost {
        logger.debug("connection to PostgreSQL lost", metadata: ["code": .string(error.code.rawValue)])
        isLost = true
        close()
      }
      throw error
    }
  }
}

/// How a transaction sees the others.
package enum PostgresTransactionMode: Sendable {
  /// Each statement sees what was committed before it.
  case readCommitted
  /// One snapshot for all statements, which may only read.
  case snapshot

  var begin: String {
    switch self {
    case .readCommitted: "BEGIN ISOLATION LEVEL READ COMMITTED"
    case .snapshot: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    }
  }
}

extension PostgresSettings {
  /// What every session starts with.
  var sessionSetup: String {
    // Roles read through policies; a login for which row_security is off is refused wherever there is one (42501).
    // Compiling pays for itself in no query of Lectern's, but estimates over many empty partitions call for it.
    var script = "SET TIME ZONE 'UTC'; SET client_min_messages = notice; SET row_security = on; SET jit = off;"
    if let lockTimeout { script += " SET lock_timeout = \(lockTimeout.milliseconds);" }
    if let role { script += " SET ROLE \"\(role.replacing("\"", with: "\"\""))\";" }
    return script
  }
}

extension PostgresError {
  /// Says of a session that cannot begin as `settings` ask what mends it.
  fileprivate func explained(for settings: PostgresSettings) -> PostgresError {
    guard let role = settings.role else { return self }
    switch code {
    case .invalidParameterValue:
      return adding("'lectern migrate up' makes the roles, or an administrator does before it")
    case .insufficientPrivilege: return adding("GRANT \(role) TO the user of the connection string mends it")
    default: return self
    }
  }
}

extension Duration {
  /// Whole milliseconds, at least 1, at most what an Int32 holds.
  var milliseconds: Int32 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return seconds < 0 ? 1 : .max }
    return Int32(clamping: max(1, product + attoseconds / 1_000_000_000_000_000))
  }
}
