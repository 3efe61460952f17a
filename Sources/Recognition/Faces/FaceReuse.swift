/// How long the place of a session's face is worth looking at before the whole picture is looked at again.
///
/// The place is never believed blindly: the detector must find a face there, of about the same size. What a look at the
/// place alone misses, and these numbers bound, is everything else: a larger face elsewhere, and how many there are.
package struct FaceReuse: Sendable, Hashable {
  /// Capture time since the session's last look at a whole picture, at most. Zero for none: every picture is looked at
  /// as a whole.
  package var maximumAge: Duration
  /// Frames between two looks at whole pictures, at most.
  package var maximumFrames: Int
  /// Sessions whose face is remembered, at most; those without a frame for the longest time are forgotten first.
  package var sessions: Int

  package init(maximumAge: Duration = .seconds(10), maximumFrames: Int = 30, sessions: Int = 10_000) {
    precondition(maximumFrames >= 0 && sessions > 0, "bounds are not negative")
    self.maximumAge = maximumAge
    self.maximumFrames = maximumFrames
    self.sessions = sessions
  }
}
