package import Telemetry

/// A few connections shared by many short readers, such as web requests. Opened when needed, first come first served.
///
/// At most `capacity` connections and `waitingLimit` waiting callers; further ones fail at once with `pool_exhausted`.
package actor PostgresPool {
  private let settings: PostgresSettings
  private let logger: Logger
  private let capacity: Int
  private let waitingLimit: Int
  private var idle: [PostgresConnection] = []
  private var opened = 0
  private var isClosed = false
  private var nextWaiterID = 0
  private var waiters: [(id: Int, continuation: CheckedContinuation<Void, any Error>)] = []

  package init(_ settings: PostgresSettings, capacity: Int = 4, waitingLimit: Int = 256, logger: Logger) {
    precondition(capacity > 0, "a pool holds at least one connection")
    self.settings = settings
    self.capacity = capacity
    self.waitingLimit = waitingLimit
    self.logger = logger
  }

  /// Lends a connection to the body. A connection that comes back broken or inside a transaction is closed.
  package func withConnection<Value: Sendable>(
    _ body: @Sendable (PostgresConnection) async throws -> Value
  ) async throws -> Value {
    let connection = try await borrow()
    do {
      let value = try await body(connection)
      await giveBack(connection)
      return value
    } catch {
      await giveBack(connection)
      throw error
    }
  }

  /// Whether the database answers; for readiness.
  package func isReachable() async -> Bool {
    do {
      try await withConnection { _ = try await $0.query("SELECT 1", deadline: .seconds(2)) }
      return true
    } catch {
      return false
    }
  }

  /// Closes the idle connections, and the lent ones as they come back.
  package func close() async {
    isClosed = true
    let connections = idle
    idle = []
    opened -= connections.count
    for waiter in waiters { waiter.continuation.resume(throwing: Self.closedError) }
    waiters = []
    for connection in connections { await connection.close() }
  }

  private static var closedError: PostgresError {
    PostgresError(code: .closed, message: "the pool is closed", operation: "waiting for a connection")
  }

  private func borrow() async throws -> PostgresConnection {
    while true {
      try Task.checkCancellation()
      guard !isClosed else { throw Self.closedError }
      if let connection = idle.popLast() { return connection }
      if opened < capacity {
        opened += 1
        do {
          return try await PostgresConnection.open(settings, logger: logger)
        } catch {
          opened -= 1
          wakeOne()
          throw error
        }
      }
      try await waitForOne()
    }
  }

  private func giveBack(_ connection: PostgresConnection) async {
    if !isClosed, await connection.isIdle, !isClosed {
      idle.append(connection)
    } else {
      await connection.close()
      opened -= 1
    }
    wakeOne()
  }

  private func wakeOne() {
    if !waiters.isEmpty { waiters.removeFirst().continuation.resume() }
  }

  private func waitForOne() async throws {
    guard waiters.count < waitingLimit else {
      throw PostgresError(
        code: .poolExhausted, message: "\(waiters.count) callers wait already", operation: "waiting for a connection")
    }
    let id = nextWaiterID
    nextWaiterID += 1
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        if Task.isCancelled {
          continuation.resume(throwing: CancellationError())
        } else {
          waiters.append((id, continuation))
        }
      }
    } onCancel: {
      Task { await self.abandon(id) }
    }
  }

  private func abandon(_ id: Int) {
    guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
    waiters.remove(at: index).continuation.resume(throwing: CancellationError())
  }
}
