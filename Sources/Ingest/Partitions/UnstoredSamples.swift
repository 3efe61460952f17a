import LearningEvents

/// The frames of one run that became samples and are not stored yet. A later record of the same identity is judged by
/// them as it would be by the database, so that it makes no difference where a batch ends.
struct UnstoredSamples {
  /// What makes two frames one: the session, by its key in the database, and the number in it. A frame whose session is
  /// not open yet is like no other.
  struct Identity: Hashable {
    let session: Int64
    let sequence: Int32
  }

  private var capturedAt: [Identity: EventTime] = [:]

  mutating func insert(_ identity: Identity, capturedAt time: EventTime) { capturedAt[identity] = time }

  /// What another record becomes if its frame is among these: a second delivery is a duplicate whatever its body, and
  /// another capture time is a reused number unless an earlier reason was found. Nil leaves the verdict as it is.
  func outcome(
    of identity: Identity, capturedAt time: EventTime, verdict: FrameJudging.Settled.Verdict
  ) -> FrameResult.Outcome? {
    guard let first = capturedAt[identity] else { return nil }
    switch verdict {
    case .done(.reject(.badEvent, _)): return nil
    case _ where first == time: return .duplicate
    case .recognise: return .reject(.sequenceReused, detail: FrameJudge.sequenceReused)
    case .done: return nil
    }
  }
}
