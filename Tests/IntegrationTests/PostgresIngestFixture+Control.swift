import LearningEvents
import Persistence
import TestSupport

extension PostgresIngestFixture {
  /// Runs a test with a fixture in a database of its own, and the repositories that apply control events and erase.
  static func withControl(_ body: (Self, CourseRepository, PrivacyRepository) async throws -> Void) async throws {
    try await withTestDatabase { database in
      let fixture = try await Self(database)
      try await body(
        fixture, CourseRepository(connection: fixture.owner), PrivacyRepository(connection: fixture.owner))
      await fixture.close()
    }
  }

  /// So many seconds after yesterday's noon: before the fixture's frames, after its consents.
  func yesterday(_ seconds: Int64) -> EventTime { noon.advanced(by: .seconds(seconds - 86_400)) }
}
