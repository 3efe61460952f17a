package import Files
import ImageTypes
import PlainText
package import Recognition

/// Picture files with their labels and, where somebody said so, the people on them: what a data set is imported from.
package struct LabelledPictures: Sendable {
  package struct Picture: Sendable, Hashable {
    package let file: FilePath
    /// The label's place in the set's labels.
    package let label: Int
    /// As it was given; it goes no further than its pseudonym. Nil where nobody said.
    package let subject: String?

    /// By bytes: texts of two normal forms are two people, as their pseudonyms are.
    func isOfSamePerson(as other: Picture) -> Bool {
      subject.map { Array($0.utf8) } == other.subject.map { Array($0.utf8) }
    }
  }

  package let labels: LabelSet
  package let pictures: [Picture]
  /// Files of folders that are no pictures.
  package let skipped: Int

  /// Whether it is known of every picture who is on it.
  package var hasSubjects: Bool { pictures.allSatisfy { $0.subject != nil } }

  /// Reads a folder that has a folder for each label, or a CSV file with the columns `image` (a path from the file's
  /// folder), `label` and, if known, `subject`.
  ///
  /// - Parameter labelSet: the name of the labels; nil for the six learning emotions.
  package init(_ source: FilePath, labelSet: String?) throws(DatasetError) {
    let walk = FolderWalk(source)
    let (rows, skipped) = walk.isFolder ? try Self.rows(of: walk, below: source) : (try Self.rows(ofTable: source), 0)
    guard !rows.isEmpty else {
      throw DatasetError(
        walk.isFolder
          ? "no picture is below this folder: it needs a folder for each label, with pictures in them"
          : "the table has no rows")
    }
    let names = Set(rows.map(\.label)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let labels = labelSet.map { LabelSet(name: $0, labels: names) } ?? .learningEmotions
    do throws(BundleError) {
      try labels.validate(in: "the data set")
    } catch {
      throw DatasetError(error.message)
    }
    let places = Dictionary(labels.labels.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var pictures: [Picture] = []
    for row in rows {
      guard let label = places[row.label] else {
        throw DatasetError(
          "\(row.place): the label \(row.label.shown) is none of the six learning emotions "
            + "(\(labels.labels.joined(separator: ", "))); name a label set of your own with --label-set to use others")
      }
      pictures.append(Picture(file: row.file, label: label, subject: row.subject))
    }
    (self.labels, self.pictures, self.skipped) = (labels, pictures, skipped)
  }

  private struct Row {
    let file: FilePath
    let label: String
    let subject: String?
    /// For messages: a line, or a folder.
    let place: String
  }

  private static func rows(of walk: FolderWalk, below source: FilePath) throws(DatasetError) -> ([Row], Int) {
    var rows: [Row] = []
    var skipped = 0
    let base = source.bytes.count + (source.bytes.last == UInt8(ascii: "/") ? 0 : 1)
    for finding in walk.findings {
      let parts = finding.path.bytes[base...].split(separator: UInt8(ascii: "/"))
      guard finding.content == .file, ImageType.isPictureName(finding.path.bytes) else {
        skipped += 1
        continue
      }
      guard parts.count > 1, let label = String(validating: parts[0], as: UTF8.self) else {
        throw DatasetError("a picture lies beside the folders of the labels: move it into one")
      }
      rows.append(Row(file: finding.path, label: label, subject: nil, place: "folder \(label.shown)"))
    }
    return (rows, skipped)
  }

  private static func rows(ofTable file: FilePath) throws(DatasetError) -> [Row] {
    let table: CSVRows
    do {
      table = try CSVRows(try RegularFile.open(file).prefix(1 << 28))
    } catch let error as CSVError {
      throw DatasetError("the table, \(error)")
    } catch {
      throw DatasetError("the table \(error)")
    }
    guard let image = table.column("image"), let label = table.column("label") else {
      throw DatasetError("the table has no columns image and label; a column subject says who is on a picture")
    }
    let subject = table.column("subject")
    return try table.rows.map { (row) throws(DatasetError) in
      let place = "line \(row.line)"
      for (name, column) in [("image", image), ("label", label), ("subject", subject ?? image)]
      where row.fields[column].allSatisfy(\.isWhitespace) {
        throw DatasetError("\(place): the \(name) is empty")
      }
      let name = FilePath(row.fields[image])
      let path = name.bytes.first == UInt8(ascii: "/") ? name : file.folder.appending(name.bytes)
      return Row(file: path, label: row.fields[label], subject: subject.map { row.fields[$0] }, place: place)
    }
  }
}
