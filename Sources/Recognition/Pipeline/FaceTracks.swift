import LearningEvents
import Synchronization
import Vision

/// Remembers where each session's face was, for a bounded number of sessions. Any thread.
///
/// **Order.** A frame only ever begins from the face of a frame that was taken earlier. Frames of one session that are in
/// work at once begin from whatever is known then; one that comes out of order (late, or delivered again) is looked at as
/// a whole and leaves no trace. So a frame's box, and by a pixel or so its crop, may depend on what was recognised before
/// it. That does not touch exactly-once storage: a frame that is delivered again may be given another box, and the row
/// that is stored already stays.
///
/// **Forgetting.** Nothing needs to be forgotten when a partition moves to another worker and back, or consent is revoked:
/// a box is used only within seconds of capture time, only where the detector finds a face again, and four numbers of
/// pixels under an opaque key say nothing about a person. It is never written anywhere.
final class FaceTracks: Sendable {
  /// Two generations stand in for an exact order of use: what is used moves to the younger one, and when that is full
  /// the older one is dropped.
  private struct State {
    var young: [Int64: FaceTrack] = [:]
    var old: [Int64: FaceTrack] = [:]
  }

  let limits: FaceReuse
  private let state = Mutex(State())

  init(_ limits: FaceReuse) { self.limits = limits }

  /// How many sessions are remembered, at most `limits.sessions`.
  var count: Int { state.withLock { state in state.young.count + state.old.keys.count { state.young[$0] == nil } } }

  /// Where to look first; nil for the whole picture.
  func start(for frame: FrameTrack, in image: GrayImage) -> FaceTrack? {
    let track = state.withLock { $0.young[frame.session] ?? $0.old[frame.session] }
    guard let track, track.serves(image, at: frame.capturedAt, limits) else { return nil }
    return track
  }

  /// Remembers what a frame showed, nil for nobody, unless a later frame of the session was remembered already.
  func remember(_ track: FaceTrack?, for frame: FrameTrack) {
    guard limits.maximumAge > .zero, limits.maximumFrames > 0 else { return }
    state.withLock { state in
      if let known = state.young[frame.session] ?? state.old[frame.session], known.capturedAt >= frame.capturedAt {
        return
      }
      state.old[frame.session] = nil
      state.young[frame.session] = track
      if state.young.count >= max(limits.sessions / 2, 1) {
        state.old = state.young
        state.young = [:]
      }
    }
  }
}
