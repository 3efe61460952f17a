/// How a model did on its test part.
package struct ModelEvaluation: Sendable, Hashable {
  /// Pictures of the test part.
  package var samples: Int
  /// The share of them that got their own label, 0…1.
  package var accuracy: Double
  /// `[true label][predicted label]`, counts, in the order of the model's labels.
  package var confusionMatrix: [[Int]]

  package init(samples: Int, accuracy: Double, confusionMatrix: [[Int]]) {
    self.samples = samples
    self.accuracy = accuracy
    self.confusionMatrix = confusionMatrix
  }

  /// What is wrong with it; nil where its numbers agree with each other.
  func problem(labels: Int) -> String? {
    guard confusionMatrix.count == labels, confusionMatrix.allSatisfy({ $0.count == labels }) else {
      return "evaluation.confusion_matrix is not \(labels) rows of \(labels) counts"
    }
    // Bounded before it is summed: a file may name any number.
    let counts = confusionMatrix.joined()
    guard samples > 0, samples <= 1 << 40, counts.allSatisfy({ (0...samples).contains($0) }),
      counts.reduce(0, +) == samples
    else { return "evaluation.confusion_matrix does not add up to evaluation.samples" }
    let hits = (0..<labels).reduce(0) { $0 + confusionMatrix[$1][$1] }
    guard abs(accuracy - Double(hits) / Double(samples)) <= 1e-6 else {
      return "evaluation.accuracy is not the confusion matrix's"
    }
    return nil
  }
}

extension ModelEvaluation: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case samples, accuracy
    case confusionMatrix = "confusion_matrix"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(only: CodingKeys.self)
    samples = try values.decode(Int.self, forKey: .samples)
    accuracy = try values.decode(Double.self, forKey: .accuracy)
    confusionMatrix = try values.decode([[Int]].self, forKey: .confusionMatrix)
  }
}
