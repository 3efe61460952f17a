package import LearningEvents

/// One 64-bit integer per emotion, in the order focused, distracted, curious, confused, tired, happy.
///
/// As a sum over frames its unit is milliseconds × ten-thousandths: an hour at full probability is 3.6e10, so a sum
/// overflows only after 29,000 years of one learner's time.
package struct EmotionSums: Sendable, Hashable {
  private var values: (Int64, Int64, Int64, Int64, Int64, Int64) = (0, 0, 0, 0, 0, 0)

  package init() {}

  /// From six values in the order of `Emotion`.
  package init(_ six: [Int64]) {
    precondition(six.count == Emotion.allCases.count, "one value per emotion")
    values = (six[0], six[1], six[2], six[3], six[4], six[5])
  }

  package subscript(emotion: Emotion) -> Int64 {
    get {
      switch emotion {
      case .focused: values.0
      case .distracted: values.1
      case .curious: values.2
      case .confused: values.3
      case .tired: values.4
      case .happy: values.5
      }
    }
    set {
      switch emotion {
      case .focused: values.0 = newValue
      case .distracted: values.1 = newValue
      case .curious: values.2 = newValue
      case .confused: values.3 = newValue
      case .tired: values.4 = newValue
      case .happy: values.5 = newValue
      }
    }
  }

  /// The six values in the order of `Emotion`.
  package var array: [Int64] { [values.0, values.1, values.2, values.3, values.4, values.5] }

  package static func += (sum: inout EmotionSums, term: EmotionSums) {
    for emotion in Emotion.allCases { sum[emotion] += term[emotion] }
  }

  package static func == (left: EmotionSums, right: EmotionSums) -> Bool { left.values == right.values }

  package func hash(into hasher: inout Hasher) { hasher.combine(array) }
}
