import LearningEvents
import PlainText

/// What a model's outputs stand for, in their order.
package struct LabelSet: Sendable, Hashable {
  /// `learning-emotions`, or the name of labels that research is done on.
  package let name: String
  package let labels: [String]

  package init(name: String, labels: [String]) {
    self.name = name
    self.labels = labels
  }

  /// The six of the paper (Table 1), in the order of `Emotion`: the only ones that a worker stores.
  package static let learningEmotions = LabelSet(name: "learning-emotions", labels: Emotion.allCases.map(\.name))

  /// Throws unless this is the six learning emotions, or a set of another name that may stand in `file`.
  package func validate(in file: String = "model.json") throws(BundleError) {
    if name == Self.learningEmotions.name { return try validateLearningEmotions() }
    guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(Self.isOfName) else {
      throw BundleError(
        .labels, "\(file): label_set is not 1 to 64 lower-case letters, digits and hyphens: \(name.shown)")
    }
    guard (2...100).contains(labels.count) else {
      throw BundleError(
        .labels, "\(file): label_set \(name) has \(labels.count) labels; a set has 2 to 100")
    }
    for label in labels where !Self.isLabel(label) {
      throw BundleError(
        .labels,
        "\(file): a label is 1 to 64 bytes of plain text without commas, which \(label.shown) is not")
    }
    guard Set(labels).count == labels.count else {
      throw BundleError(.labels, "\(file): label_set \(name) has a label twice")
    }
  }

  private func validateLearningEmotions() throws(BundleError) {
    let known = Self.learningEmotions.labels
    guard labels != known else { return }
    let given =
      labels.count == known.count
      ? labels.map(\.shown).joined(separator: ", ") : "\(labels.count) in number"
    throw BundleError(
      .labels,
      "the model's labels are \(given); label_set \(name) needs \(known.joined(separator: ", ")), in this order")
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte)
  }

  private static func isLabel(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && text.unicodeScalars.allSatisfy { $0.isInert && $0 != "," }
  }
}
