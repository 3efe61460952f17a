import PostgresIO
import Testing

@Suite struct PostgresErrorTests {
  private func error(_ code: String) -> PostgresError {
    PostgresError(code: .init(code), message: "m", operation: "testing")
  }

  @Test(arguments: [
    "08006", "25006", "25P03", "40001", "40P01", "53100", "53300", "55P03", "57014", "57P01", "57P02", "57P03", "58030",
    "connection_lost", "deadline_exceeded", "pool_exhausted",
  ])
  func retriesWhatTimeMayHeal(code: String) {
    #expect(error(code).severity == .transient)
  }

  @Test(arguments: ["22021", "22P02", "23505", "23514", "54000"])
  func blamesTheData(code: String) {
    #expect(error(code).severity == .data)
  }

  @Test(arguments: [
    "57P04", "42P01", "42501", "28P01", "3D000", "25001", "57000", "LF002", "XX000", "decoding", "client",
  ])
  func stopsForWhatNeedsAPerson(code: String) {
    #expect(error(code).severity == .fatal)
  }

  @Test func aFenceIsAKindOfItsOwn() {
    #expect(error("LF001").severity == .fenced)
    #expect(error("LF001").code == .fenced)
  }

  @Test func aMessageThatQuotesAValueIsNotShown() {
    let error = PostgresError(
      code: .init("22P02"), message: "invalid input syntax for type integer: \"anna@example.org\"", operation: "testing"
    )
    #expect(!error.description.contains("anna"))
    #expect(error.description == "PostgreSQL 22P02 while testing: a value was refused")
  }

  @Test func theServersWordsAreShownOfAStatementWithoutValues() {
    let error = PostgresError(
      code: .init("22023"), message: "role \"x\" does not exist", operation: "testing", mayQuoteValues: false)
    #expect(error.description == "PostgreSQL 22023 while testing: role \"x\" does not exist")
    #expect(error.adding("make it").description == "\(error); make it")
  }

  @Test func settingsDoNotShowTheirPassword() {
    let settings = PostgresSettings(url: "postgresql://lectern:hunter2@db/lectern")
    #expect(!"\(settings)".contains("hunter2"))
  }
}
