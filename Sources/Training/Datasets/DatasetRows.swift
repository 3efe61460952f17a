package import LearningEvents
import PlainText
package import Vision

/// A face of a data set: a row of `faces.csv`, beside its picture in `faces/`.
package struct DatasetFace: Sendable, Hashable {
  /// The first 32 hex digits of the SHA-256 of the picture file that it comes from: the same file is the same image.
  package let image: String
  /// The label's place in the set's labels.
  package let label: Int
  /// Whose face it is, under a pseudonym; the image's own id where nobody knows.
  package let subject: String
  /// The face in pixels of the upright picture.
  package let box: FaceBox
  /// Of the face, as a worker measures it.
  package let measures: Measures
  /// Of the PNG file in `faces/`, 64 hex digits.
  package let sha256: String

  package init(image: String, label: Int, subject: String, box: FaceBox, measures: Measures, sha256: String) {
    (self.image, self.label, self.subject) = (image, label, subject)
    (self.box, self.measures, self.sha256) = (box, measures, sha256)
  }

  /// What `FaceQuality` measures.
  package struct Measures: Sendable, Hashable {
    /// 0 to 10,000.
    package let quality: Int
    /// Mean gray, 0 to 255.
    package let brightness: Float
    /// Mean squared Laplacian, in squared gray levels.
    package let sharpness: Float

    package init(_ quality: FaceQuality) {
      (self.quality, brightness, sharpness) = (Int(quality.score), quality.brightness, quality.sharpness)
    }

    init(quality: Int, brightness: Float, sharpness: Float) {
      (self.quality, self.brightness, self.sharpness) = (quality, brightness, sharpness)
    }
  }

  /// Its picture's place in the folder: 8-bit gray, 224×224, `FaceCrops.vgg`.
  package var file: String { "faces/\(image).png" }
}

/// A picture that was given and is not in the set: a row of `left-out.csv`. What is left out is counted when a model is
/// judged, since a face that nobody finds is a miss, too.
package struct LeftOutPicture: Sendable, Hashable {
  package enum Reason: String, Sendable, Hashable, CaseIterable {
    /// No file that could be opened.
    case unreadable
    /// Not a picture, or a damaged one.
    case badImage = "bad_image"
    case tooLarge = "too_large"
    case noFace = "no_face"
    /// The face is too small, blurred, dark or bright to be read.
    case lowQuality = "low_quality"
    /// The same picture was given before under the same label.
    case twice
    /// The same picture was given under several labels: nobody can say which is right, so all of them are out.
    case twoLabels = "two_labels"
    /// The same picture was given as two people's.
    case twoSubjects = "two_subjects"
  }

  /// As `DatasetFace.image`; empty where the file could not be read.
  package let image: String
  package let label: Int
  package let subject: String
  package let reason: Reason

  package init(image: String, label: Int, subject: String, reason: Reason) {
    (self.image, self.label, self.subject, self.reason) = (image, label, subject, reason)
  }
}

/// The tables of a data set's folder as text.
enum DatasetTables {
  private static let faceColumns = [
    "image", "label", "subject", "left", "top", "width", "height", "quality", "brightness", "sharpness", "sha256",
  ]
  private static let leftOutColumns = ["image", "label", "subject", "reason"]

  static func text(of faces: [DatasetFace], labels: [String]) -> String {
    var table = CSVText(faceColumns)
    for face in faces {
      table.append([
        face.image, labels[face.label], face.subject, "\(face.box.x)", "\(face.box.y)", "\(face.box.width)",
        "\(face.box.height)", "\(face.measures.quality)", "\(face.measures.brightness)", "\(face.measures.sharpness)",
        face.sha256,
      ])
    }
    return table.text
  }

  static func text(of pictures: [LeftOutPicture], labels: [String]) -> String {
    var table = CSVText(leftOutColumns)
    for picture in pictures {
      table.append([picture.image, labels[picture.label], picture.subject, picture.reason.rawValue])
    }
    return table.text
  }

  static func faces(from bytes: [UInt8], labels: [String]) throws(DatasetError) -> [DatasetFace] {
    let places = places(of: labels)
    var seen: Set<String> = []
    var faces: [DatasetFace] = []
    for row in try rows(bytes, faceColumns, file: "faces.csv") {
      let fields = row.fields
      let numbers = fields[3...7].compactMap { Int($0) }
      guard let label = places[fields[1]] else { throw unknownLabel(row, "faces.csv") }
      guard numbers.count == 5, let brightness = Float(fields[8]), let sharpness = Float(fields[9]),
        isHex(fields[0], digits: 32), isHex(fields[10], digits: 64), !fields[2].isEmpty
      else { throw DatasetError("faces.csv, line \(row.line): not a row of this table") }
      guard seen.insert(fields[0]).inserted else {
        throw DatasetError("faces.csv, line \(row.line): an image that another line has")
      }
      faces.append(
        DatasetFace(
          image: fields[0], label: label, subject: fields[2],
          box: FaceBox(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3]),
          measures: .init(quality: numbers[4], brightness: brightness, sharpness: sharpness), sha256: fields[10]))
    }
    return faces
  }

  static func leftOut(from bytes: [UInt8], labels: [String]) throws(DatasetError) -> [LeftOutPicture] {
    let places = places(of: labels)
    var pictures: [LeftOutPicture] = []
    for row in try rows(bytes, leftOutColumns, file: "left-out.csv") {
      guard let label = places[row.fields[1]] else { throw unknownLabel(row, "left-out.csv") }
      guard let reason = LeftOutPicture.Reason(rawValue: row.fields[3]) else {
        throw DatasetError("left-out.csv, line \(row.line): no known reason")
      }
      pictures.append(LeftOutPicture(image: row.fields[0], label: label, subject: row.fields[2], reason: reason))
    }
    return pictures
  }

  /// The rows of a table with exactly these columns.
  static func rows(
    _ bytes: [UInt8], _ columns: [String], file: String
  ) throws(DatasetError) -> [CSVRows.Row] {
    let table: CSVRows
    do throws(CSVError) {
      table = try CSVRows(bytes)
    } catch {
      throw DatasetError("\(file), \(error)")
    }
    guard table.header == columns else {
      throw DatasetError("\(file): its columns are not \(columns.joined(separator: ", "))")
    }
    return table.rows
  }

  private static func places(of labels: [String]) -> [String: Int] {
    Dictionary(labels.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  private static func unknownLabel(_ row: CSVRows.Row, _ file: String) -> DatasetError {
    DatasetError("\(file), line \(row.line): a label that dataset.json does not name")
  }

  private static func isHex(_ text: String, digits: Int) -> Bool {
    text.utf8.count == digits && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}
