package import LearningEvents

/// One 64-bit integer per emotion, in the order focused, distracted, curious, confused, tired, happy.
///
/// As a sum over frames its unit is milliseconds × ten-thousandths: an hour at full probability is 3.6e10, so a sum
/// overflows only after 29,000 years of one learner's time.
package struct EmotionSums: Sendable, Hashable {
  /// The first lanes are the emotions, the others stay zero.
  private var values = SIMD8<Int64>()

  package init() {}

  /// From one value per emotion, in the order of `Emotion`.
  package init(_ array: [Int64]) {
    precondition(array.count == Emotion.count, "one value per emotion")
    for emotion in Emotion.allCases { self[emotion] = array[emotion.rawValue] }
  }

  package subscript(emotion: Emotion) -> Int64 {
    get { values[emotion.rawValue] }
    set { values[emotion.rawValue] = newValue }
  }

  package static func += (sum: inout EmotionSums, term: EmotionSums) {
    for emotion in Emotion.allCases { sum[emotion] += term[emotion] }
  }
}
