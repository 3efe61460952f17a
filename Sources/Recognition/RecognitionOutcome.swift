package import LearningEvents

/// What became of one frame: a sample to store, or the reason for which its record is rejected.
package enum RecognitionOutcome: Sendable, Equatable {
  /// The picture was decoded.
  ///
  /// - Parameters:
  ///   - status: `classified`, or why there is no distribution.
  ///   - faceCount: faces seen; the largest one is classified. A face box that came with the frame counts as one.
  ///   - distribution: present exactly when `status` is `classified`.
  ///   - quality: of the face crop, in ten-thousandths, 0…10000; 0 where no face was found.
  case sample(status: SampleStatus, faceCount: Int, distribution: EmotionDistribution?, quality: Int16)

  /// The bytes are no picture that can be decoded. `detail` is safe to log and store: no bytes, no ids.
  case badImage(detail: String)

  /// The file, or the picture it declares, is larger than Lectern decodes.
  case tooLarge(detail: String)

  /// What decodes crashed or hung on the bytes, or took more memory than it may. `detail` is safe to log and store.
  case decoderCrash(detail: String)
}
