import Files
import PlainText
import Recognition
import TextOutput
import Training

/// What a set that was just made holds, and what was left out of it.
struct DatasetReport: Encodable {
  let folder, name: String
  let labels: [String]
  let faces: [Int]
  let subjects: Int
  let leftOut: [String: [Int]]

  init(_ summary: DatasetImport.Summary, out: FilePath) {
    (folder, name, labels) = (out.text, summary.manifest.name, summary.manifest.labels)
    (faces, subjects) = (summary.faces, summary.subjects)
    leftOut = Dictionary(uniqueKeysWithValues: summary.leftOut.map { ($0.rawValue, $1) })
  }

  /// A set is named as its folder unless somebody says otherwise.
  static func name(of folder: FilePath) -> String { folder.text.split(separator: "/").last.map(String.init) ?? "set" }

  enum CodingKeys: String, CodingKey {
    case folder, name, labels, faces, subjects
    case leftOut = "left_out"
  }

  var text: String {
    let reasons = LeftOutPicture.Reason.allCases.map(\.rawValue).filter { leftOut[$0] != nil }
    let table = TextTable(["label", "faces"] + reasons, leading: 1)
    let rows = labels.indices.map { label in
      [labels[label].printable, "\(faces[label])"] + reasons.map { "\(leftOut[$0]![label])" }
    }
    let sums = ["all", "\(faces.reduce(0, +))"] + reasons.map { "\(leftOut[$0]!.reduce(0, +))" }
    return table.text(rows + [sums])
      + "\(subjects) \(subjects == 1 ? "person" : "people"); wrote \(folder.printable)\n"
  }
}
