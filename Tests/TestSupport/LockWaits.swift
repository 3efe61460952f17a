package import PostgresIO

extension TestDatabase {
  /// Returns once a session of this database waits behind `holder` for a lock: it holds the lock, or stands before the
  /// other in its queue. A race begins here. `holder` must be idle; of one that waits itself, give the process.
  ///
  /// Throws after a minute: a test that goes on without its race would show nothing.
  package func waitUntilBlocked(by holder: PostgresConnection) async throws {
    try await waitUntilBlocked(byProcess: await holder.backendProcessID)
  }

  /// The same for a server's process.
  package func waitUntilBlocked(byProcess process: Int32) async throws {
    let looking = try await connect()
    let limit = ContinuousClock.now + .seconds(60)
    var isBlocked = false
    while !isBlocked {
      guard ContinuousClock.now < limit else {
        await looking.close()
        throw RaceNotBegun()
      }
      isBlocked = try await looking.query(
        """
        SELECT EXISTS (SELECT FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND $1 = ANY (pg_blocking_pids(pid)))
        """, [.int4(process)]
      ).single().decode(at: 0)
      if !isBlocked { try await Task.sleep(for: .milliseconds(5)) }
    }
    await looking.close()
  }
}

/// Nobody waited for the lock that a race is about.
package struct RaceNotBegun: Error, CustomStringConvertible {
  package var description: String { "no session came to wait for the lock" }
}
