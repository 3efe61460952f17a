package import Persistence
package import PostgresIO

extension CourseRepository {
  /// Applies control events as a test.
  @discardableResult
  package func apply(_ events: [ControlRow]) async throws(PostgresError) -> ControlResult {
    try await apply(events, by: "a test")
  }
}
