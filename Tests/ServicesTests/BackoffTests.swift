import Services
import Testing

@Suite struct BackoffTests {
  @Test func timesDoubleUpToTheLongestAndAreShortenedByAtMostAHalf() {
    var backoff = Backoff(first: .milliseconds(100), longest: .milliseconds(450))
    for full: Duration in [
      .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(450), .milliseconds(450),
    ] {
      let delay = backoff.delay()
      #expect(delay <= full && delay >= full / 2, "\(delay) of \(full)")
    }
    backoff.reset()
    #expect(backoff.delay() <= .milliseconds(100))
  }

  @Test func twoThatFailTogetherDoNotReturnTogether() {
    var (one, other) = (Backoff(first: .seconds(1_000)), Backoff(first: .seconds(1_000)))
    #expect(one.delay() != other.delay())
  }
}
