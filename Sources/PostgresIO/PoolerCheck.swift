import CPostgres

/// Refuses a pooler that keeps no session, such as PgBouncer in transaction mode: it gives every transaction another
/// session of the server, so that prepared statements and settings are lost, and the role that was taken on is left to
/// strangers.
///
/// A pooler shows by the server process that it names as the connection's, which is not the one that answers. It keeps
/// sessions if an idle connection holds its server process: it always has the same, and no other connection has it.
enum PoolerCheck {
  /// How long a second connection may wait for a server process. Where sessions are kept there may be none left; where
  /// they are not, that of the idle connection is to be had at once.
  private static let patience = Duration.seconds(2)

  /// Asks before anything was set on the connection, which must be outside a transaction. Opens a second connection for
  /// a moment where a pooler is found.
  ///
  /// - Throws: `PostgresError` of code `poolerKeepsNoSession`, or what a question to the server may throw.
  static func run(over pointer: OpaquePointer, _ settings: PostgresSettings) throws(PostgresError) {
    let limit = ContinuousClock.now + settings.connectDeadline
    let process = try serverProcess(pointer, limit)
    guard process != PQbackendPID(pointer) else { return }
    let other = processOfAnother(settings)
    let hasMoved = try serverProcess(pointer, limit) != process
    guard hasMoved || other == process else { return }
    throw PostgresError(
      code: .poolerKeepsNoSession,
      message: """
        a pooler shares out sessions by transaction or statement, and Lectern keeps state in its session: connect to \
        PostgreSQL itself, or to a pooler in session mode
        """, operation: "connecting")
  }

  /// The server process of a second connection inside a transaction; nil if it gets none.
  private static func processOfAnother(_ settings: PostgresSettings) -> Int32? {
    do throws(PostgresError) {
      let connection = try Wire.connect(settings)
      let limit = ContinuousClock.now + patience
      _ = try Wire.finish(
        PQsendQuery(connection.pointer, "BEGIN"), connection.pointer, limit, Canceller(), "connecting",
        bindsValues: false)
      let process = try serverProcess(connection.pointer, limit)
      _ = try Wire.finish(
        PQsendQuery(connection.pointer, "ROLLBACK"), connection.pointer, limit, Canceller(), "connecting",
        bindsValues: false)
      return process
    } catch {
      return nil
    }
  }

  private static func serverProcess(
    _ pointer: OpaquePointer, _ limit: ContinuousClock.Instant
  ) throws(PostgresError) -> Int32 {
    let sent = PQsendQueryParams(pointer, "SELECT pg_backend_pid()", 0, nil, nil, nil, nil, 1)
    return try Wire.finish(sent, pointer, limit, Canceller(), "connecting", bindsValues: false).single().decode(at: 0)
  }
}
