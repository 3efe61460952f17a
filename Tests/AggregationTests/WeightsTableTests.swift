import Analytics
import LearningEvents
import Migrations
import Testing

/// The weights stand in the migration and in the program; one must not change without the other.
@Suite struct WeightsTableTests {
  @Test func theMigrationHoldsVersionOne() throws {
    let migration = try #require(Migration.all.first { $0.name == "0003_rollups" })
    let rows = migration.sql.split(separator: "\n").filter { $0.hasPrefix("  (1, '") }
    let weights = MetricWeights.version1
    #expect(weights.version == 1)
    #expect(rows.count == Emotion.allCases.count)
    for emotion in Emotion.allCases {
      let row = try #require(rows.first { $0.contains("'\(emotion.name)'") })
      let numbers = row.split(separator: ",").dropFirst(2)
        .compactMap { Int64($0.trimmingPrefix { $0 == " " }.prefix { $0 == "-" || $0.isNumber }) }
      let tables = [
        weights.concentration, weights.concentrationLow, weights.concentrationHigh, weights.engagement,
        weights.onTask, weights.interest,
      ]
      #expect(numbers == tables.map { $0.hundredths[emotion] })
    }
  }

  @Test func everyMetricIsAColumnOfTheLearnersTable() throws {
    let migration = try #require(Migration.all.first { $0.name == "0003_rollups" })
    let start = try #require(migration.sql.firstRange(of: "CREATE TABLE lectern.learner_segment_metric"))
    let table = migration.sql[start.upperBound...].prefix { $0 != ";" }
    for metric in Metric.allCases { #expect(table.contains("\n  \(metric.rawValue) ")) }
  }
}
