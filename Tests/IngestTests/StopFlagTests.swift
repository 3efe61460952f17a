import Ingest
import Testing

@Suite struct StopFlagTests {
  @Test func raisingWakesEveryoneWhoWaits() async {
    let flag = StopFlag()
    await withTaskGroup { group in
      for _ in 0..<5 { group.addTask { await flag.wait() } }
      group.addTask { flag.raise() }
    }
    #expect(flag.isRaised)
  }

  @Test func aSleepEndsWhenTheFlagIsRaised() async {
    let flag = StopFlag()
    let start = ContinuousClock.now
    let sleeper = Task { try await flag.sleep(for: .seconds(60)) }
    flag.raise()
    await #expect(throws: StopRequested.self) { try await sleeper.value }
    #expect(start.duration(to: .now) < .seconds(30))
  }

  @Test func aSleepEndsByItself() async throws {
    try await StopFlag().sleep(for: .milliseconds(1))
  }

  @Test func aRaisedFlagLetsNobodySleep() async {
    let flag = StopFlag()
    flag.raise()
    await flag.wait()
    await #expect(throws: StopRequested.self) { try await flag.sleep(for: .seconds(60)) }
  }
}
