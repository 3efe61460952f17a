import LearningEvents
import Persistence
import Testing

/// What is known of a session, applied to its frames.
@Suite struct SessionResolutionTests {
  private let time = EventTime(microseconds: 1_000_000)

  private func resolution(erasedUntil: EventTime? = nil, last: Int32? = nil) -> SessionResolution {
    SessionResolution(
      courseID: 1, consent: .granted(since: .earliest), erasedUntil: erasedUntil, session: nil, lastSequence: last)
  }

  @Test func onlyANumberUpToTheLastMayBeStored() {
    #expect(!resolution().mayHold(0))
    #expect(resolution(last: 5).mayHold(5) && !resolution(last: 5).mayHold(6))
  }

  @Test func anErasureCoversFramesCapturedUpToIt() {
    let erased = resolution(erasedUntil: time)
    #expect(erased.frame(capturedAt: time, storedCapture: nil).isErased)
    #expect(!erased.frame(capturedAt: time.advanced(by: .microseconds(1)), storedCapture: nil).isErased)
    #expect(!resolution().frame(capturedAt: time, storedCapture: nil).isErased)
  }
}
