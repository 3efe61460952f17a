import Analytics
import LearningEvents
import PostgresIO
import TestSupport
import Testing

extension Database {
  /// The weights stand in the database and in the program; one must not change without the other.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct WeightsTableTests {
    @Test func theDatabaseHoldsTheProgramsVersions() async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect()
        let weights = MetricWeights.version1
        let rows = try await connection.query(
          """
          SELECT version, emotion, concentration, concentration_low, concentration_high, engagement, on_task, interest
          FROM lectern.metric_weights
          """)
        #expect(rows.count == Emotion.allCases.count)
        for row in rows {
          #expect(try row.decode("version", as: Int16.self) == weights.version)
          let name: String = try row.decode("emotion")
          let emotion = try #require(Emotion.allCases.first { $0.name == name })
          let tables = [
            weights.concentration, weights.concentrationLow, weights.concentrationHigh, weights.engagement,
            weights.onTask, weights.interest,
          ]
          for (index, table) in tables.enumerated() {
            #expect(try row.decode(at: 2 + index, as: Int16.self) == Int16(table.hundredths[emotion]), "\(name)")
          }
        }
        await connection.close()
      }
    }

    @Test func everyMetricIsAColumnOfTheLearnersTable() async throws {
      try await withTestDatabase { database in
        let connection = try await database.connect()
        let columns = try await connection.query(
          """
          SELECT attname::text FROM pg_attribute
          WHERE attrelid = 'lectern.learner_segment_metric'::regclass AND atttypid = 'bigint'::regtype
          """
        ).map { try $0.decode(at: 0, as: String.self) }
        for metric in Metric.allCases { #expect(columns.contains(metric.rawValue)) }
        await connection.close()
      }
    }
  }
}
