import Foundation
import JSON
package import Recognition

/// `dataset.json`: what a data set is, all but its rows.
package struct DatasetManifest: Sendable, Hashable {
  /// The version of the folder's format that this program reads and writes.
  package static let currentFormatVersion = 1

  /// Who the subjects of the rows are.
  package enum Subjects: String, Sendable, Hashable, Codable {
    /// A person each, by a keyed pseudonym.
    case pseudonyms
    /// Nobody said who is who: every picture counts as somebody else's, and no split can keep people apart.
    case unknown
    /// Made-up people, drawn.
    case drawn
  }

  /// A table of the folder.
  package struct Table: Sendable, Hashable, Codable {
    package var rows: Int
    /// Of the file, 64 lower-case hex digits.
    package var sha256: String

    package init(rows: Int, sha256: String) { (self.rows, self.sha256) = (rows, sha256) }
  }

  /// For people, such as `lecture-faces`.
  package var name: String
  package var labelSet: LabelSet
  /// The licence that the pictures are under, never empty.
  package var licence: String
  /// What the people on the pictures agreed to, and where that is written down; never empty.
  package var consent: String
  package var subjects: Subjects
  /// `FaceCrops.version` of the faces.
  package var featuresVersion: Int
  package var faces: Table
  package var leftOut: Table

  package init(
    name: String, labelSet: LabelSet, licence: String, consent: String, subjects: Subjects, featuresVersion: Int,
    faces: Table, leftOut: Table
  ) {
    (self.name, self.labelSet, self.licence, self.consent) = (name, labelSet, licence, consent)
    (self.subjects, self.featuresVersion, self.faces, self.leftOut) = (subjects, featuresVersion, faces, leftOut)
  }

  package var labels: [String] { labelSet.labels }

  /// Whether nobody real is on the pictures, so that nothing measured on them says anything about people.
  package var isSynthetic: Bool { subjects == .drawn }

  /// Throws unless every field may stand in a file.
  package func validate() throws(DatasetError) {
    do throws(BundleError) {
      try labelSet.validate(in: "dataset.json")
    } catch {
      throw DatasetError(error.message)
    }
    for (field, text) in [("name", name), ("licence", licence), ("consent", consent)] {
      guard !text.allSatisfy(\.isWhitespace) else {
        throw DatasetError("dataset.json: \(field) is empty: \(Self.remedy(field))")
      }
      guard text.utf8.count <= 4096 else { throw DatasetError("dataset.json: \(field) has more than 4096 bytes") }
    }
  }

  private static func remedy(_ field: String) -> String {
    switch field {
    case "consent": "say what the people on the pictures agreed to, and where that is written down"
    case "licence": "say what the pictures may be used for"
    default: "give the set a name"
    }
  }
}

extension DatasetManifest: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case formatVersion = "format_version"
    case name, labels
    case labelSet = "label_set"
    case licence, consent, subjects
    case featuresVersion = "features_version"
    case faces
    case leftOut = "left_out"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    name = try values.decode(String.self, forKey: .name)
    labelSet = LabelSet(
      name: try values.decode(String.self, forKey: .labelSet), labels: try values.decode([String].self, forKey: .labels)
    )
    licence = try values.decode(String.self, forKey: .licence)
    consent = try values.decode(String.self, forKey: .consent)
    subjects = try values.decode(Subjects.self, forKey: .subjects)
    featuresVersion = try values.decode(Int.self, forKey: .featuresVersion)
    faces = try values.decode(Table.self, forKey: .faces)
    leftOut = try values.decode(Table.self, forKey: .leftOut)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(Self.currentFormatVersion, forKey: .formatVersion)
    try values.encode(name, forKey: .name)
    try values.encode(labels, forKey: .labels)
    try values.encode(labelSet.name, forKey: .labelSet)
    try values.encode(licence, forKey: .licence)
    try values.encode(consent, forKey: .consent)
    try values.encode(subjects, forKey: .subjects)
    try values.encode(featuresVersion, forKey: .featuresVersion)
    try values.encode(faces, forKey: .faces)
    try values.encode(leftOut, forKey: .leftOut)
  }

  /// The file's bytes: sorted keys, so that equal manifests are equal files.
  package func json() throws -> [UInt8] { try DatasetJSON.encode(self) }

  /// Reads a file's bytes and judges them: any bytes give a manifest or an error.
  package static func parse(_ bytes: [UInt8]) throws(DatasetError) -> DatasetManifest {
    let manifest = try DatasetJSON.decode(
      DatasetManifest.self, version: currentFormatVersion, from: bytes, file: "dataset.json")
    try manifest.validate()
    return manifest
  }
}

/// The JSON files of a data set's folder.
enum DatasetJSON {
  private struct Header: Decodable {
    let format_version: Int
  }

  static func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(value)) + [UInt8(ascii: "\n")]
  }

  static func decode<Value: Decodable>(
    _ type: Value.Type, version: Int, from bytes: [UInt8], file: String
  ) throws(DatasetError) -> Value {
    if let problem = bytes.withUnsafeBytes({ JSONDocument.problem(in: $0) }) {
      throw DatasetError("\(file): \(problem)")
    }
    let (decoder, data) = (JSONDecoder(), Data(bytes))
    do {
      // The version first: another version may not even have the other fields.
      let found = try decoder.decode(Header.self, from: data).format_version
      guard found == version else {
        throw DatasetError("\(file) has format version \(found), this program reads \(version)")
      }
      return try decoder.decode(Value.self, from: data)
    } catch let error as DatasetError {
      throw error
    } catch DecodingError.keyNotFound(let key, _) {
      throw DatasetError("\(file): \(key.stringValue) is missing")
    } catch {
      throw DatasetError("\(file) is not of the expected form")
    }
  }
}
