import LearningEvents
import Synchronization
import Vision

/// Remembers where each session's face was, for a bounded number of sessions. Any thread.
///
/// **Order.** A frame only ever begins from the face of a frame that was taken earlier. Frames of one session that are
/// in work at once begin from whatever is known then; one that comes out of order (late, or delivered again) is looked
/// at as a whole and leaves no trace, also where the later one showed nobody. Each is counted as it begins, so that the
/// bound on frames between two looks at whole pictures holds however they overlap.
///
/// So a frame's box, and by a pixel or so its crop, may depend on what was recognised before it. That does not touch
/// exactly-once storage: a frame that is delivered again may be given another box, and the row that is stored already
/// stays.
///
/// **Forgetting.** Nothing needs to be forgotten when a partition moves to another worker and back, or consent is
/// revoked: a box is used only within seconds of capture time, only where the detector finds a face again, and four
/// numbers of pixels under an opaque key say nothing about a person. It is never written anywhere.
final class FaceTracks: Sendable {
  /// What a session's last frame showed.
  private enum Memory {
    case face(FaceTrack)
    /// Nobody, in a frame taken then.
    case nobody(EventTime)

    var capturedAt: EventTime {
      switch self {
      case .face(let track): track.capturedAt
      case .nobody(let time): time
      }
    }
  }

  /// Two generations stand in for an exact order of use: what is used moves to the younger one, and when that is full
  /// the older one is dropped.
  private struct State {
    /// Of both generations together, at most.
    let sessions: Int
    var young: [Int64: Memory] = [:]
    var old: [Int64: Memory] = [:]

    init(sessions: Int) { self.sessions = sessions }

    subscript(session: Int64) -> Memory? { young[session] ?? old[session] }

    mutating func use(_ memory: Memory, of session: Int64) {
      old[session] = nil
      young[session] = memory
      if young.count >= max(sessions / 2, 1) {
        old = young
        young = [:]
      }
    }
  }

  let limits: FaceReuse
  private let state: Mutex<State>

  init(_ limits: FaceReuse) {
    self.limits = limits
    state = Mutex(State(sessions: limits.sessions))
  }

  /// Where to look first; nil for the whole picture. Counts the frame as one that began from there.
  func start(for frame: FrameTrack, in image: GrayImage) -> FaceTrack? {
    state.withLock { state in
      guard case .face(var track)? = state[frame.session], track.serves(image, at: frame.capturedAt, limits) else {
        return nil
      }
      track.followed += 1
      state.use(.face(track), of: frame.session)
      return track
    }
  }

  /// Remembers what a look at a frame's whole picture showed, nil for nobody, unless a later frame of the session was
  /// remembered already.
  func remember(_ track: FaceTrack?, for frame: FrameTrack) {
    guard limits.maximumAge > .zero, limits.maximumFrames > 0 else { return }
    state.withLock { state in
      if let known = state[frame.session], known.capturedAt >= frame.capturedAt { return }
      state.use(track.map(Memory.face) ?? .nobody(frame.capturedAt), of: frame.session)
    }
  }

  /// Remembers where a frame that began from `start` had that face, unless a later frame of the session was remembered
  /// already, or another look at a whole picture: its count must not be undone.
  func remember(_ start: FaceTrack, at box: PixelRect, for frame: FrameTrack) {
    state.withLock { state in
      guard case .face(var track)? = state[frame.session], track.lookedAt == start.lookedAt,
        track.capturedAt < frame.capturedAt
      else { return }
      track.box = box
      track.capturedAt = frame.capturedAt
      state.use(.face(track), of: frame.session)
    }
  }
}
