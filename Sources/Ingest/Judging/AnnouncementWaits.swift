import Cryptography
import LearningEvents
import Synchronization

/// The courses and learners a partition has waited for: each only once, so that frames nobody consented to never hold
/// their neighbours up again.
final class AnnouncementWaits: Sendable {
  private struct Key: Hashable {
    var source: String
    var course: String
    var learner: LearnerPseudonym

    init(_ frame: FrameCandidate) {
      (source, course, learner) = (frame.event.source, frame.event.courseID, frame.learner)
    }
  }

  private struct State {
    var begun: Set<Key> = []
    var over: Set<Key> = []
  }

  /// Keys remembered at most; beyond them all are forgotten, which costs another bounded wait and no memory.
  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int = 10_000) { self.limit = limit }

  /// False once a wait for this frame's course and learner is over.
  func mayWait(for frame: FrameCandidate) -> Bool { state.withLock { !$0.over.contains(Key(frame)) } }

  /// Notes that the partition waits; true the first time.
  func begin(for frame: FrameCandidate) -> Bool {
    state.withLock { state in
      if state.begun.count >= limit { state.begun.removeAll() }
      return state.begun.insert(Key(frame)).inserted
    }
  }

  /// Notes that the wait ended with a reject.
  func end(for frame: FrameCandidate) {
    state.withLock { state in
      if state.over.count >= limit { state.over.removeAll() }
      state.over.insert(Key(frame))
      state.begun.remove(Key(frame))
    }
  }
}
