import Files
import LearningEvents
import Recognition
import TextOutput
import Vision

/// The file of `lectern features`: the table's tensors, and metadata that says what they belong to.
///
/// No name of a picture is written, as a name may be a learner's: a row is told by its number and the SHA-256 of the
/// picture's bytes.
final class FeatureFile {
  /// A row's place in the metadata, `{"row":0,"sha256":"…","status":"classified","origin":"frontal"}`.
  private struct Row: Encodable {
    let row: Int
    let sha256: String?
    let status: String
    let origin: String?
  }

  private let table: FeatureTable
  private let file: RowFile
  private let inspector: Inspector
  private var rows: [Row] = []

  var byteCount: Int { file.byteCount }

  init(at path: FilePath, _ table: FeatureTable, rows: Int, of inspector: Inspector) throws {
    self.table = table
    self.inspector = inspector
    // As long as any row gets, so that there is room for all of them.
    let longest = Row(
      row: rows, sha256: String(repeating: "0", count: 64), status: SampleStatus.classified.name + "  ",
      origin: FoundFace.Origin.allCases.map(\.rawValue).max { $0.count < $1.count })
    file = try RowFile(
      at: path, table.columns, rows: rows,
      reserving: Self.metadata(.init(repeating: longest, count: rows), inspector))
  }

  /// Writes the next row.
  func append(_ picture: InspectedPicture) throws {
    if let inspection = picture.inspection {
      try table.write(inspection, to: file, row: rows.count)
    } else {
      try file.writeMissing(table.columns.map(\.name), row: rows.count)
    }
    rows.append(
      Row(
        row: rows.count, sha256: picture.sha256, status: picture.status.name,
        origin: picture.inspection?.face?.origin.rawValue))
  }

  /// Puts the file in its place.
  func finish() throws { try file.finish(metadata: Self.metadata(rows, inspector)) }

  private static func metadata(_ rows: [Row], _ inspector: Inspector) throws -> [String: String] {
    let model = inspector.model
    var metadata = [
      "format": "lectern features 1",
      "features_version": "\(model.featuresVersion)",
      "hog_normalization": (model.hogNormalization ?? .max).rawValue,
      "labels": model.labels.joined(separator: ","),
      "layout": model.layout.rawValue,
      "model": inspector.modelID.text,
      "network": model.network,
      "pictures": try Console.json(rows),
      "temperature": "\(model.temperature)",
      "trained": "\(model.trained)",
    ]
    if !model.trained { metadata["notice"] = InspectionOptions.notice }
    return metadata
  }
}
