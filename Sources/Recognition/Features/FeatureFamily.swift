/// One of the three kinds of features that are fused (the paper, section 3), in the order of F′.
package enum FeatureFamily: String, CaseIterable, Sendable, Hashable, Codable {
  /// VGG16's pool5.
  case cnn
  case hog
  case sift
}
