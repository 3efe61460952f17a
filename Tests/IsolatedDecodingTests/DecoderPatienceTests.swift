import IsolatedDecoding
import Testing

@Suite struct DecoderPatienceTests {
  private static let limit = Duration.seconds(10)

  /// The verdicts of slices in which a decoder took so much processor time each, up to the first that is not "wait".
  private func verdict(
    of slices: some Sequence<Duration?>, from begin: Duration? = .seconds(3)
  ) -> (verdict: DecoderPatience.Verdict, slices: Int) {
    var patience = DecoderPatience(Self.limit, processorTime: begin)
    var time = begin
    var count = 0
    for slice in slices {
      count += 1
      time = slice.flatMap { slice in time.map { $0 + slice } }
      let verdict = patience.wait(processorTime: time)
      if verdict != .wait { return (verdict, count) }
    }
    return (.wait, count)
  }

  private func always(_ slice: Duration?, _ count: Int = 10_000) -> some Sequence<Duration?> {
    repeatElement(slice, count: count)
  }

  @Test func aSliceIsATwentiethOfTheLimit() {
    #expect(DecoderPatience(Self.limit, processorTime: nil).slice == .milliseconds(500))
  }

  @Test func processorTimeBeyondTheLimitIsTooMuch() {
    let busy = verdict(of: always(.milliseconds(500)))
    #expect(busy.verdict == .spent && busy.slices == 21)
  }

  /// A tenth of a core: ten times as long by the clock, and a picture that takes nine seconds is one.
  @Test func aBusyMachineMakesNoDecoderLate() {
    let slow = verdict(of: always(.milliseconds(50), 180))
    #expect(slow.verdict == .wait && slow.slices == 180)
    #expect(verdict(of: always(.milliseconds(50))).verdict == .spent)
  }

  @Test func oneThatTakesNoneStandsStill() {
    #expect(verdict(of: always(.zero)) == (.still, 20))
    // From the last time that it took some.
    let some = [Duration](repeating: .milliseconds(1), count: 7).map(Optional.some)
    #expect(verdict(of: some + Array(always(.zero, 100))) == (.still, 27))
  }

  @Test func theClockEndsIt() {
    let sleeper = (0..<10_000).map { Optional($0.isMultiple(of: 15) ? Duration.milliseconds(1) : .zero) }
    #expect(verdict(of: sleeper) == (.old, 20 * DecoderPatience.farBound))
  }

  /// Where the kernel does not say, the clock is all there is.
  @Test func withoutProcessorTimeASliceCountsAsOne() {
    #expect(verdict(of: always(nil), from: nil) == (.spent, 20))
    #expect(verdict(of: always(nil)) == (.spent, 20))
  }

  @Test func onceItIsTimeToAskWhetherTheFrameWasTaken() {
    var patience = DecoderPatience(Self.limit, processorTime: nil)
    let asks = (0..<20).filter { _ in
      _ = patience.wait(processorTime: nil)
      return patience.isTimeToAsk
    }
    #expect(asks == [3])
  }
}
