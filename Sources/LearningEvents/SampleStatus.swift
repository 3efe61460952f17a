/// What came of a stored frame. A frame without a usable face is a sample with a status, not a reject.
package enum SampleStatus: Int16, CaseIterable, Sendable, Hashable {
  /// It has a distribution and a label.
  case classified = 0
  /// No face was found in the picture.
  case noFace = 1
  /// A face was found, too small, blurred, dark or bright to be judged.
  case lowQuality = 2

  /// The name in JSON, metrics and reports.
  package var name: String {
    switch self {
    case .classified: "classified"
    case .noFace: "no_face"
    case .lowQuality: "low_quality"
    }
  }
}
