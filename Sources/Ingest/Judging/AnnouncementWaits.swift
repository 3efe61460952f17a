import LearningEvents
import Synchronization

/// The courses and learners a partition has waited for: each only once, so that frames nobody consented to never hold
/// their neighbours up again.
final class AnnouncementWaits: Sendable {
  private struct Key: Hashable {
    var source: SourceID
    var course: CourseID
    var learner: LearnerPseudonym

    init(_ frame: FrameCandidate) {
      (source, course, learner) = (frame.event.source, frame.event.courseID, frame.learner)
    }
  }

  private struct State {
    /// By the clock that never goes back: the frame's own deadline is told by one that may.
    var begun: [Key: ContinuousClock.Instant] = [:]
    var over: Set<Key> = []
  }

  /// Keys remembered at most; beyond them all are forgotten, which costs another bounded wait and no memory.
  private let limit: Int
  /// The longest wait, whatever the wall clock does meanwhile.
  private let longest: Duration
  /// A wait is looked at several times a second: one that is over for so long was answered, and has to be begun anew.
  private static let memory = Duration.seconds(10)
  private let state = Mutex(State())

  init(longest: Duration, limit: Int = 10_000) { (self.longest, self.limit) = (longest, limit) }

  /// False once a wait for this frame's course and learner is over.
  func mayWait(for frame: FrameCandidate) -> Bool {
    state.withLock { state in
      guard !state.over.contains(Key(frame)) else { return false }
      guard let waited = state.begun[Key(frame)]?.duration(to: .now) else { return true }
      return waited < longest || waited >= longest + Self.memory
    }
  }

  /// Notes that the partition waits; true the first time.
  func begin(for frame: FrameCandidate) -> Bool {
    state.withLock { state in
      if state.begun.count >= limit { state.begun.removeAll() }
      if let begun = state.begun[Key(frame)], begun.duration(to: .now) < longest + Self.memory { return false }
      state.begun[Key(frame)] = .now
      return true
    }
  }

  /// Notes that the wait ended with a reject.
  func end(for frame: FrameCandidate) {
    state.withLock { state in
      if state.over.count >= limit { state.over.removeAll() }
      state.over.insert(Key(frame))
      state.begun[Key(frame)] = nil
    }
  }
}
