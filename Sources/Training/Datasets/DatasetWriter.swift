import Cryptography
package import Files
import LearningEvents
package import Recognition
package import Vision

/// Writes a data set as a new folder, all or nothing.
///
/// The faces and the pictures left out are added one by one; the folder gets its name with `finish`. Not for several
/// threads at once.
package struct DatasetWriter: ~Copyable, Sendable {
  private var folder: NewFolder
  private let encoder: any GrayImageEncoding
  private let labelSet: LabelSet
  private var faces: [DatasetFace] = []
  private var leftOut: [LeftOutPicture] = []

  /// - Parameters:
  ///   - folder: must not exist, or be empty; its parent must be there.
  ///   - encoder: what writes PNG.
  package init(
    _ folder: FilePath, labels: LabelSet, encoder: any GrayImageEncoding
  ) throws(OutputError) {
    let begun = try NewFolder.begin(folder)
    try begun.makeFolder("faces")
    try begun.makeFolder("splits")
    self.folder = begun
    (self.encoder, labelSet) = (encoder, labels)
  }

  /// Adds a face, whose image the set does not have yet.
  package mutating func add(_ found: FoundFace, image: String, label: Int, subject: String) throws {
    let png = try encoder.encode(found.crops.vgg)
    let box = FaceBox(x: found.box.x, y: found.box.y, width: found.box.width, height: found.box.height)
    let face = DatasetFace(
      image: image, label: label, subject: subject, box: box, measures: .init(found.quality),
      sha256: Hex.encode(SHA256.hash(png)))
    try folder.write(png, to: face.file)
    faces.append(face)
  }

  package mutating func leaveOut(_ picture: LeftOutPicture) { leftOut.append(picture) }

  /// Writes the tables and the manifest, and puts the folder in its place.
  ///
  /// - Throws: `OutputError`; `DatasetError` where a field is empty or no face is in the set.
  package consuming func finish(
    name: String, licence: String, consent: String, subjects: DatasetManifest.Subjects
  ) throws -> DatasetImport.Summary {
    guard !faces.isEmpty else { throw DatasetError("no face was found: there is nothing to make a set of") }
    let labels = labelSet.labels
    let manifest = DatasetManifest(
      name: name, labelSet: labelSet, licence: licence, consent: consent, subjects: subjects,
      featuresVersion: FaceCrops.version,
      faces: try Self.write(DatasetTables.text(of: faces, labels: labels), faces.count, Dataset.facesName, folder),
      leftOut: try Self.write(
        DatasetTables.text(of: leftOut, labels: labels), leftOut.count, Dataset.leftOutName, folder))
    try manifest.validate()
    try folder.write(try manifest.json(), to: Dataset.manifestName)
    try folder.finish()
    return DatasetImport.Summary(manifest: manifest, faces: faces, leftOut: leftOut)
  }

  private static func write(
    _ text: String, _ rows: Int, _ name: String, _ folder: borrowing NewFolder
  ) throws(OutputError) -> DatasetManifest.Table {
    let bytes = Array(text.utf8)
    try folder.write(bytes, to: name)
    return DatasetManifest.Table(rows: rows, sha256: Hex.encode(SHA256.hash(bytes)))
  }
}
