/// Why a record was rejected, in the order in which the reasons are judged. The raw values are stable.
package enum RejectCode: String, CaseIterable, Sendable, Hashable {
  /// Missing or malformed attributes, or an event that contradicts its session.
  case badEvent = "bad_event"
  /// Over 8 MiB, 50 megapixels or 16,384 pixels a side, by declaration, before decoding.
  case tooLarge = "too_large"
  /// Captured more than 14 days before or one day after its record's time.
  case outOfWindow = "out_of_window"
  /// No course event names its course.
  case unknownCourse = "unknown_course"
  /// Its learner was erased.
  case erased
  /// Its learner gave no consent of scope `analytics`, or revoked it.
  case noConsent = "no_consent"
  /// Its session and sequence number belong to a stored frame of another capture time.
  case sequenceReused = "sequence_reused"
  /// Empty, not a picture that can be decoded whole, or one that cannot be analysed in the time it may take.
  case badImage = "bad_image"
  /// The native decoder crashed or hung on it, or took more memory or processor time than it may.
  case decoderCrash = "decoder_crash"
  /// The database refuses the row for what is in it.
  case unstorable
}

extension RejectCode: Comparable {
  /// Earlier in the order of judgement.
  package static func < (a: RejectCode, b: RejectCode) -> Bool {
    Self.allCases.firstIndex(of: a)! < Self.allCases.firstIndex(of: b)!
  }
}
