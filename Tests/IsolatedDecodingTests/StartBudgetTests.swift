import IsolatedDecoding
import Testing

@Suite struct StartBudgetTests {
  @Test func aBurstAndThenOneAnInterval() {
    let start = ContinuousClock.now
    var budget = StartBudget(burst: 3, interval: .seconds(1), now: start)
    func takes(at seconds: Double) -> Bool { budget.take(now: start + .milliseconds(Int(seconds * 1000))) }
    #expect([takes(at: 10), takes(at: 10), takes(at: 10)] == [true, true, true])
    #expect(!takes(at: 10))
    #expect(!takes(at: 10.9))
    #expect(takes(at: 11))
    #expect(!takes(at: 11.5))
    // Half an interval counts on.
    #expect(takes(at: 12))
    #expect(!takes(at: 12.2))
  }

  @Test func restNeverFillsItBeyondTheBurst() {
    let start = ContinuousClock.now
    var budget = StartBudget(burst: 2, interval: .milliseconds(1), now: start)
    _ = (budget.take(now: start), budget.take(now: start))
    let later = start + .seconds(100)
    #expect([budget.take(now: later), budget.take(now: later), budget.take(now: later)] == [true, true, false])
  }
}
