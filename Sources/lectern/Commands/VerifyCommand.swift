import Aggregation
import Arguments

/// `lectern verify`
struct VerifyCommand: Command {
  static let configuration = CommandConfiguration(
    "verify", abstract: "Prove that the rollups equal a full recomputation.",
    discussion: """
      Compares every rollup with its recomputation from samples in one snapshot, both ways. Courses that are dirty in
      that snapshot are left out and counted. Ends with 1 if anything differs.
      """)

  @OptionGroup var database: DatabaseOptions
  @Option(key: Keys.cohortMinimum) var cohortMinimum: Int?

  mutating func run() async throws {
    let context = try CommandContext(self, required: [Keys.postgresURL])
    let verification = RollupVerification(settings: context.aggregation)
    let report = try await context.withConnection(role: "lectern_aggregator", application: "verify") { connection in
      try await verification.run(on: connection)
    }
    Terminal.print(
      """
      courses verified   \(report.coursesVerified)
      courses dirty      \(report.coursesDirty), left out
      sessions           \(report.sessionsRecomputed) recomputed, \(report.sessionsFrozen) frozen
      rollups            \(report.isConsistent ? "equal to their recomputation" : "DIFFER from their recomputation")

      """)
    guard report.isConsistent else { throw ExitCode.failure }
  }
}
