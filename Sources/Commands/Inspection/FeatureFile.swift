import Files
import LearningEvents
import Recognition
import Services
import TextOutput
import Vision

/// The file of `lectern features`: the table's tensors, and metadata that says what they belong to.
///
/// No name of a picture is written, as a name may be a learner's: a row is told by its number and the SHA-256 of the
/// picture's bytes.
///
/// What it does to the file blocks, and so has a thread of its own: opening a pipe waits for its reader, and the end
/// copies everything to it.
actor FeatureFile {
  /// A row's place in the metadata, `{"row":0,"sha256":"…","status":"classified","origin":"frontal"}`.
  private struct Row: Encodable {
    let row: Int
    let sha256: String?
    let status: String
    let origin: String?
  }

  nonisolated let byteCount: Int
  private nonisolated let thread: ThreadExecutor
  private let table: FeatureTable
  private let file: RowFile
  private let inspector: Inspector
  private var rows: [Row] = []

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// Begins the file.
  static func open(
    at path: FilePath, _ table: FeatureTable, rows: Int, of inspector: Inspector
  ) async throws -> FeatureFile {
    let thread = ThreadExecutor(name: "features")
    return try await thread.run { () throws in
      try FeatureFile(at: path, table, rows: rows, of: inspector, on: thread)
    }
  }

  private init(
    at path: FilePath, _ table: FeatureTable, rows: Int, of inspector: Inspector, on thread: ThreadExecutor
  ) throws {
    self.thread = thread
    self.table = table
    self.inspector = inspector
    // As long as any row gets, so that there is room for all of them.
    let longest = Row(
      row: rows, sha256: String(repeating: "0", count: 64), status: SampleStatus.classified.name + "  ",
      origin: FoundFace.Origin.allCases.map(\.rawValue).max { $0.count < $1.count })
    file = try RowFile(
      at: path, table.columns, rows: rows,
      reserving: Self.metadata(.init(repeating: longest, count: rows), inspector))
    byteCount = file.byteCount
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
