import LearningEvents
import PlainText
import Recognition
import TextOutput
import Training

/// What a data set holds, for people and as JSON.
struct DatasetSummary: Encodable {
  let name, labelSet, licence, consent, subjects, fingerprint: String
  let labels: [Label]
  let leftOut: [String: Int]
  let people: Int
  /// Of all faces: the least, the median, the largest.
  let side, brightness, quality: [Double]

  struct Label: Encodable {
    let label: String
    let faces, people, leftOut: Int

    enum CodingKeys: String, CodingKey {
      case label, faces, people
      case leftOut = "left_out"
    }
  }

  enum CodingKeys: String, CodingKey {
    case name, licence, consent, subjects, fingerprint, labels, people, side, brightness, quality
    case labelSet = "label_set"
    case leftOut = "left_out"
  }

  private let set: Dataset

  init(_ set: Dataset) {
    self.set = set
    let manifest = set.manifest
    (name, labelSet, licence, consent) = (manifest.name, manifest.labelSet.name, manifest.licence, manifest.consent)
    (subjects, fingerprint, people) = (manifest.subjects.rawValue, set.fingerprint, set.subjectCount)
    labels = manifest.labels.enumerated().map { label, name in
      let own = set.faces.filter { $0.label == label }
      return Label(
        label: name, faces: own.count, people: Set(own.map(\.subject)).count,
        leftOut: set.leftOut.count { $0.label == label })
    }
    leftOut = set.leftOut.reduce(into: [:]) { $0[$1.reason.rawValue, default: 0] += 1 }
    side = Self.range(set.faces.map { Double(max($0.box.width, $0.box.height)) })
    brightness = Self.range(set.faces.map { Double($0.measures.brightness) })
    quality = Self.range(set.faces.map { Double($0.measures.quality) / 10_000 })
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(name, forKey: .name)
    try values.encode(labelSet, forKey: .labelSet)
    try values.encode(licence, forKey: .licence)
    try values.encode(consent, forKey: .consent)
    try values.encode(subjects, forKey: .subjects)
    try values.encode(fingerprint, forKey: .fingerprint)
    try values.encode(labels, forKey: .labels)
    try values.encode(leftOut, forKey: .leftOut)
    try values.encode(people, forKey: .people)
    try values.encode(side, forKey: .side)
    try values.encode(brightness, forKey: .brightness)
    try values.encode(quality, forKey: .quality)
  }

  var text: String {
    let table = TextTable(["label", "faces", "people", "left out"], leading: 1)
    let rows = labels.map { [$0.label.printable, "\($0.faces)", "\($0.people)", "\($0.leftOut)"] }
    let sums = ["all", "\(set.faces.count)", "\(people)", "\(set.leftOut.count)"]
    let reasons = leftOut.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    let whose =
      switch set.manifest.subjects {
      case .pseudonyms: "by pseudonym"
      case .unknown: "unknown: every picture counts as somebody else's"
      case .drawn: "drawn: nothing measured on this set says anything about people"
      }
    return """
      \(name.printable), labels \(labelSet.printable)
      licence     \(licence.printable)
      consent     \(consent.printable)
      people      \(whose)
      fingerprint \(fingerprint.prefix(12))

      \(table.text(rows + [sums]))
      \(reasons.isEmpty ? "" : "left out: \(reasons)\n")\
      least, median and largest of the faces: side \(line(side)) pixels, mean gray \
      \(line(brightness)), quality \(line(quality.map { 100 * $0 })) of 100

      """
  }

  /// The parts of a split by label; of a split with several rounds those of the first.
  func text(of split: DatasetSplit) -> String {
    let table = TextTable(["label"] + DatasetSplit.Part.allCases.map(\.rawValue), leading: 1)
    let places = DatasetSplit.Part.allCases.map { split.places(of: $0, round: 0) }
    let rows = labels.indices.map { label in
      [labels[label].label.printable] + places.map { part in "\(part.count { set.faces[$0].label == label })" }
    }
    let people = ["people"] + places.map { part in "\(Set(part.map { set.faces[$0].subject }).count)" }
    let rounds = split.rounds.count == 1 ? "" : "round 1 of \(split.rounds.count)\n"
    return rounds + table.text(rows + [["all"] + places.map { "\($0.count)" }, people])
  }

  private func line(_ range: [Double]) -> String {
    range.map { "\(Int($0.rounded()))" }.joined(separator: ", ")
  }

  private static func range(_ values: [Double]) -> [Double] {
    let sorted = values.sorted()
    guard let least = sorted.first, let largest = sorted.last else { return [] }
    return [least, sorted[sorted.count / 2], largest]
  }
}
