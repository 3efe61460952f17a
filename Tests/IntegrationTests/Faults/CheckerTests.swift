import Foundation
import Processes
import TestSupport
import Testing

extension Database {
  /// A checker that cannot fail proves nothing: its own tests spoil a right state in one way each and see it caught.
  @Suite(.enabled(if: PostgresTestServer.isWanted))
  struct CheckerTests {
    @Test(.timeLimit(.minutes(5))) func theCheckerSeesEachKindOfViolation() async throws {
      let python = try #require(
        await TestTools.python(with: "psycopg", "confluent_kafka"), "ops/bootstrap-tests.sh installs them")
      try await withTestDatabase { database in
        let result = try await ProcessLauncher().run(
          ChildCommand(
            python, ["-m", "unittest", "test_check"],
            environment: ["CHECKER_DATABASE": database.programURL, "PYTHONDONTWRITEBYTECODE": "1"],
            workingDirectory: TestTools.root.appending(path: "Tests/Checker").path), outputLimitBytes: 1 << 22,
          deadline: .seconds(240))
        #expect(result.status.isSuccess, "\(result.errorText.suffix(6000))")
        let ran = try #require(result.errorText.firstMatch(of: #/Ran (\d+) tests/#).flatMap { Int($0.output.1) })
        #expect(ran >= 50)
      }
    }
  }
}
