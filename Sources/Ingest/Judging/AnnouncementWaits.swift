import LearningEvents
import Synchronization

/// The courses and learners a partition has waited for: each only once, and all of them together no longer than one
/// wait in a row, so that frames nobody consented to never hold their neighbours up for long, however many they are.
package final class AnnouncementWaits: Sendable {
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
    /// How long the partition has waited of late, as of `lastLook`.
    var spent = Duration.zero
    var lastLook: ContinuousClock.Instant?

    /// What is spent comes back while the partition does not wait, ten times as slowly: whoever sends frames of unknown
    /// learners without end takes a tenth of its time, and a class that joins has all of it again.
    func spent(at now: ContinuousClock.Instant) -> Duration {
      guard let gap = lastLook?.duration(to: now) else { return .zero }
      return gap < AnnouncementWaits.pause ? spent + gap : max(.zero, spent - gap / 10)
    }
  }

  /// Keys remembered at most; beyond them all are forgotten, which costs another bounded wait and no memory.
  private let limit: Int
  /// The longest wait, whatever the wall clock does meanwhile.
  private let longest: Duration
  /// A wait is looked at several times a second: one that is over for so long was answered, and has to be begun anew.
  private static let memory = Duration.seconds(10)
  /// Looks that are no further apart belong to one wait of the partition.
  private static let pause = Duration.seconds(2)
  private let state = Mutex(State())

  package init(longest: Duration, limit: Int = 10_000) { (self.longest, self.limit) = (longest, limit) }

  /// False once a wait for this frame's course and learner is over, or the partition has waited for long.
  package func mayWait(for frame: FrameCandidate, at now: ContinuousClock.Instant = .now) -> Bool {
    state.withLock { state in
      guard !state.over.contains(Key(frame)), state.spent(at: now) < longest else { return false }
      guard let waited = state.begun[Key(frame)]?.duration(to: now) else { return true }
      return waited < longest || waited >= longest + Self.memory
    }
  }

  /// Notes that the partition waits, at each look; true the first time.
  package func begin(for frame: FrameCandidate, at now: ContinuousClock.Instant = .now) -> Bool {
    state.withLock { state in
      (state.spent, state.lastLook) = (state.spent(at: now), now)
      if state.begun.count >= limit { state.begun.removeAll() }
      if let begun = state.begun[Key(frame)], begun.duration(to: now) < longest + Self.memory { return false }
      state.begun[Key(frame)] = now
      return true
    }
  }

  /// Notes that the wait ended with a reject.
  package func end(for frame: FrameCandidate) {
    state.withLock { state in
      if state.over.count >= limit { state.over.removeAll() }
      state.over.insert(Key(frame))
      state.begun[Key(frame)] = nil
    }
  }
}
