import Arguments
import Configuration
import Files
import Foundation
import ImageIO
import PlainText
import Processes
import Recognition
import TextOutput
import Training

struct DatasetImportCommand: Command {
  static let configuration = CommandConfiguration(
    "import", abstract: "Make a data set of labelled pictures.",
    discussion: """
      Takes a folder that has a folder for each label, or a CSV file with the columns image (a path from the file's
      folder), label and, where it is known who is on a picture, subject. Finds the face of each picture as a worker does
      and writes it as 224×224 gray pixels. Nothing else of the picture is kept, no file's name, and of a person only a
      pseudonym.

      What is left out is listed in left-out.csv with its reason: unreadable, bad_image, too_large, no_face, low_quality,
      twice (the same file before), two_labels and two_subjects (the same file under several: all of them are out). It is
      counted when a model is judged, since a face that nobody finds is a miss.

      Labels are the six learning emotions; pictures with other labels need --label-set with a name for them, and a model
      trained on them runs in no worker. Pseudonyms are an HMAC under the key in --subject-key; without it under a random
      key that nobody keeps, so that a later import of the same people gives others. Without subjects every picture counts
      as somebody else's: then no split keeps people apart, and what is measured is too good.

        lectern dataset import photos.csv --out faces --licence "CC BY 4.0" --consent "signed forms, archive 2026/12"
      """)

  @Argument(help: "folder of label folders, or a CSV file", value: "source", completion: .file) var source: FilePath
  @Option(help: "folder to write; must not exist or be empty", value: "folder", completion: .directory) var out:
    FilePath
  @Option(help: "the licence that the pictures are under", value: "text") var licence: String
  @Option(help: "what the people on them agreed to, and where that is written down", value: "text") var consent: String
  @Option(help: "name of the set; its folder's unless given", value: "text") var name: String?
  @Option(help: "a name for labels other than the six learning emotions", value: "name") var labelSet: String?
  @Option(help: "file with the key of the subjects' pseudonyms, 32 bytes or more", value: "file", completion: .file)
  var subjectKey: FilePath?
  @Option(key: Keys.cascade, group: "Recognition", completion: .file) var cascade: ConfigurationPath?
  @OptionGroup var common: CommonOptions
  @Flag(help: "print the summary as JSON") var json: Bool

  mutating func run(in environment: CommandEnvironment) async throws {
    let context = try CommandContext(self, in: environment, servers: [])
    for (option, text) in [("--licence", licence), ("--consent", consent)] where text.allSatisfy(\.isWhitespace) {
      throw UsageError("\(option) is empty: nobody may use a set without it")
    }
    let facts = DatasetImport.Facts(name: name ?? DatasetReport.name(of: out), licence: licence, consent: consent)
    let (source, out, labelSet) = (source, out, labelSet)
    let pictures: LabelledPictures
    do throws(DatasetError) {
      pictures = try LabelledPictures(source, labelSet: labelSet)
    } catch {
      throw UsageError("\(source.text.printable): \(error.description)")
    }
    if pictures.skipped > 0 { context.console.note("\(pictures.skipped) files in folders are no pictures\n") }
    if !pictures.hasSubjects {
      context.console.note(
        "nobody says who is on the pictures: no split of this set can keep people apart, so that figures measured on it "
          + "will be too good; a CSV file with a column subject mends that\n")
    }
    let streams = context.environment.resources.cores
    let work = DatasetImport(
      pictures, subjectKey: try key(), decoder: PictureDecoder(), encoder: PNGEncoder(),
      finder: try RecognizerFactory(streams: streams, cascadePath: context.settings.optional(Keys.cascade)?.path)
        .faceFinder(),
      streams: streams)
    let progress = context.progress(total: pictures.pictures.count)
    let summary = try await context.interruptible(grace: .seconds(5)) {
      try await work.run(into: out, facts) { progress.update(done: $0, note: "looked at") }
    }
    progress.finish()
    let report = DatasetReport(summary, out: out)
    if json { try context.console.printLine(json: report) } else { context.console.print(report.text) }
  }

  private func key() throws -> [UInt8] {
    guard let subjectKey else { return (0..<32).map { _ in UInt8.random(in: .min ... .max) } }
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try subjectKey.contents(limit: 4096)
    } catch {
      throw UsageError("--subject-key \(subjectKey.text.printable): \(error)")
    }
    guard bytes.count >= 32 else {
      throw UsageError(
        "--subject-key has \(bytes.count) bytes and needs 32: `head -c 32 /dev/urandom > FILE` makes one")
    }
    return bytes
  }
}
