import IsolatedDecoding
import Testing

@Suite struct DecoderShortageTests {
  private let start = ContinuousClock.now

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .milliseconds(Int(seconds * 1000)) }

  @Test func aRowOfWaitsIsToldOnceAndEndsWithAPictureAfterARest() {
    var shortage = DecoderShortage()
    #expect(shortage.problem(now: at(0)) == nil)
    let early = shortage.decoded(now: at(0))
    let told = [shortage.wait("a", now: at(1)), shortage.wait("b", now: at(2)), shortage.wait("b", now: at(9))]
    #expect(!early && told == [true, false, false])
    // Others were decoded in between; that one frame waits still.
    let meanwhile = shortage.decoded(now: at(10))
    #expect(!meanwhile && shortage.problem(now: at(13.9)) == "b")
    let over = [shortage.decoded(now: at(14)), shortage.decoded(now: at(15))]
    #expect(over == [true, false])
    let again = shortage.wait("c", now: at(16))
    #expect(again && shortage.problem(now: at(16)) == "c")
  }

  /// A topic in which nothing comes any more leaves no worker unready.
  @Test func withoutFramesNoneWaits() {
    var shortage = DecoderShortage()
    _ = shortage.wait("a", now: at(0))
    #expect(shortage.problem(now: at(4.9)) == "a" && shortage.problem(now: at(5)) == nil)
  }
}
