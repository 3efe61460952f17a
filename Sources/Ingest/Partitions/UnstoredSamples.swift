import LearningEvents

/// The frames of one run that became samples and are not stored yet. A later record of the same identity is judged by
/// them as it would be by the database, so that it makes no difference where a batch ends.
struct UnstoredSamples {
  /// What makes two frames one: the LMS's session and the number in it.
  struct Identity: Hashable {
    var source: String
    var session: String
    var sequence: Int32

    init(_ event: FrameEvent) { (source, session, sequence) = (event.source, event.sessionID, event.sequence) }
  }

  private var capturedAt: [Identity: EventTime] = [:]

  mutating func insert(_ event: FrameEvent) { capturedAt[Identity(event)] = event.capturedAt }

  /// What another record becomes if its frame is among these: a second delivery is a duplicate whatever its body, and
  /// another capture time is a reused number unless an earlier reason was found. Nil leaves the verdict as it is.
  func outcome(of event: FrameEvent, settled: FrameJudging.Settled) -> FrameResult.Outcome? {
    guard let first = capturedAt[Identity(event)] else { return nil }
    switch settled {
    case .done(.reject(.badEvent, _)): return nil
    case _ where first == event.capturedAt: return .duplicate
    case .recognise:
      return .reject(.sequenceReused, detail: FrameJudge.sequenceReused)
    case .done: return nil
    }
  }
}
