package import LearningEvents

/// What became of one frame: a sample to store, or the reason for which its record is rejected.
package enum RecognitionOutcome: Sendable, Equatable {
  /// The picture was decoded.
  case sample(Measurement)

  /// The picture cannot be judged. `detail` is safe to log and store: no bytes, no ids.
  case rejected(RejectCode, detail: String)

  /// What was measured on a decoded picture. Made by the functions below, so that a distribution is there exactly where
  /// the status is `classified`.
  package struct Measurement: Sendable, Hashable {
    /// `classified`, or why there is no distribution.
    package let status: SampleStatus
    /// Faces seen; the largest one is classified. A face box that came with the frame counts as one.
    package let faceCount: Int
    /// Present exactly when `status` is `classified`.
    package let distribution: EmotionDistribution?
    /// Of the face crop, in ten-thousandths, 0…10,000; 0 where no face was found.
    package let quality: Int16

    /// A picture without a face.
    package static let noFace = Measurement(status: .noFace, faceCount: 0, distribution: nil, quality: 0)

    /// A face too small, blurred or badly lit to be classified.
    package static func lowQuality(faceCount: Int, quality: Int16) -> Measurement {
      Measurement(status: .lowQuality, faceCount: faceCount, distribution: nil, quality: quality)
    }

    /// A face with an answer.
    package static func classified(
      _ distribution: EmotionDistribution, faceCount: Int, quality: Int16
    ) -> Measurement {
      Measurement(status: .classified, faceCount: faceCount, distribution: distribution, quality: quality)
    }
  }
}
