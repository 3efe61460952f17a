import Cryptography
package import Files
import Foundation
package import Vision

/// A data set as it lies in its folder: standardised gray faces with labels and subjects.
///
///     dataset.json     what the set is, with the hashes of its tables
///     faces.csv        a row for each face, with the hash of its picture
///     left-out.csv     what was given and is not in the set, and why
///     faces/ID.png     the faces: gray, 224×224
///     splits/NAME.*    who is in which part (`DatasetSplit`)
///
/// Everything but the splits is fixed once written: `fingerprint` names all of it.
package struct Dataset: Sendable {
  package let folder: FilePath
  package let manifest: DatasetManifest
  /// In the order of `faces.csv`.
  package let faces: [DatasetFace]
  package let leftOut: [LeftOutPicture]
  /// SHA-256 of `dataset.json`, 64 hex digits: it changes with every row and every pixel.
  package let fingerprint: String

  static let manifestName = "dataset.json"
  static let facesName = "faces.csv"
  static let leftOutName = "left-out.csv"

  /// Reads a folder's tables and judges them by their hashes; the faces are judged when they are read.
  package static func open(_ folder: FilePath) throws(DatasetError) -> Dataset {
    let json = try bytes(of: manifestName, in: folder, limit: 1 << 20)
    let manifest = try DatasetManifest.parse(json)
    guard manifest.featuresVersion == FaceCrops.version else {
      throw DatasetError(
        "the faces of the set were cut by version \(manifest.featuresVersion) of the preprocessing, this program has "
          + "\(FaceCrops.version): import the pictures again")
    }
    let faces = try table(facesName, manifest.faces, in: folder)
    let leftOut = try table(leftOutName, manifest.leftOut, in: folder)
    let set = Dataset(
      folder: folder, manifest: manifest, faces: try DatasetTables.faces(from: faces, labels: manifest.labels),
      leftOut: try DatasetTables.leftOut(from: leftOut, labels: manifest.labels),
      fingerprint: Hex.encode(SHA256.hash(json)))
    guard set.faces.count == manifest.faces.rows, set.leftOut.count == manifest.leftOut.rows else {
      throw DatasetError("dataset.json counts other rows than its tables have")
    }
    return set
  }

  /// The pixels of a face, checked against its row's hash.
  ///
  /// - Parameter decoder: one that reads PNG. Blocks for about a millisecond.
  package func pixels(of face: DatasetFace, by decoder: some ImageDecoding) throws(DatasetError) -> GrayImage {
    let png = try png(of: face)
    guard let image = try? decoder.decodeGray(png), image.width == Self.side, image.height == Self.side else {
      throw DatasetError("\(face.file) is no gray picture of \(Self.side)×\(Self.side)")
    }
    return image
  }

  /// Pixels of a face's sides.
  package static let side = 224

  /// Pictures by label, those of the set alone.
  package var labelCounts: [Int] {
    faces.reduce(into: [Int](repeating: 0, count: manifest.labels.count)) { $0[$1.label] += 1 }
  }

  package var subjectCount: Int { Set(faces.map(\.subject)).count }

  /// The names of its splits, by their bytes.
  package func splitNames() throws(DatasetError) -> [String] {
    let walk = FolderWalk(folder.appending(Array("splits".utf8)))
    return walk.findings.compactMap { finding in
      let name = finding.path.text.split(separator: "/").last ?? ""
      return name.hasSuffix(".json") ? String(name.dropLast(5)) : nil
    }
  }

  /// Throws unless every face's file is the one that the set was made with.
  package func checkFaces() throws(DatasetError) {
    for face in faces { _ = try png(of: face) }
  }

  private func png(of face: DatasetFace) throws(DatasetError) -> [UInt8] {
    let png = try Self.bytes(of: face.file, in: folder, limit: 1 << 20)
    guard Hex.encode(SHA256.hash(png)) == face.sha256 else {
      throw DatasetError("\(face.file) is not the picture that the set was made with: import the pictures again")
    }
    return png
  }

  private static func table(
    _ name: String, _ expected: DatasetManifest.Table, in folder: FilePath
  ) throws(DatasetError) -> [UInt8] {
    let bytes = try bytes(of: name, in: folder, limit: 1 << 30)
    guard Hex.encode(SHA256.hash(bytes)) == expected.sha256 else {
      throw DatasetError("\(name) is not the table that dataset.json was written with: was it edited?")
    }
    return bytes
  }

  static func bytes(of name: String, in folder: FilePath, limit: Int) throws(DatasetError) -> [UInt8] {
    let file: Result<(bytes: [UInt8], count: Int), FileError> = Result { () throws(FileError) in
      let file = try RegularFile.open(folder.appending(Array(name.utf8)))
      return (file.byteCount <= limit ? try file.prefix(limit) : [], file.byteCount)
    }
    switch file {
    case .success(let file) where file.count <= limit: return file.bytes
    case .success: throw DatasetError("\(name) of the data set has more than \(limit) bytes")
    case .failure(let error): throw DatasetError("\(name) of the data set \(error)")
    }
  }
}
